import { describe, expect, it } from 'vitest'
import { HistoryRecorder } from './history-recorder.ts'
import { pairEvents } from './pair-events.ts'
import { parseHistory } from './parse-history.ts'
import { toEvents } from './to-events.ts'
import { writeHistory } from './write-history.ts'

describe('what a recorder wrote down', () => {
  it('becomes events in the order in which they happened, which a file keeps', () => {
    const recorder = new HistoryRecorder<number | undefined, number>()
    const write = recorder.start(1, 3)
    const read = recorder.start(2, undefined)
    read.complete(3)
    write.fail()
    recorder.start(2, 4).unknown()
    recorder.start(1, 5)
    const history = toEvents(recorder.history(), ({ input, output }) =>
      input === undefined
        ? { f: 'read', value: null, key: 'x', answer: output ?? null }
        : { f: 'write', value: input },
    )
    expect(history).toEqual({
      origin: 'dure',
      events: [
        { index: 0, process: 1, type: 'invoke', f: 'write', value: 3 },
        { index: 1, process: 2, type: 'invoke', f: 'read', value: null, key: 'x' },
        { index: 2, process: 2, type: 'ok', f: 'read', value: 3, key: 'x' },
        { index: 3, process: 1, type: 'fail', f: 'write', value: 3 },
        { index: 4, process: 2, type: 'invoke', f: 'write', value: 4 },
        { index: 5, process: 2, type: 'info', f: 'write', value: 4 },
        { index: 6, process: 1, type: 'invoke', f: 'write', value: 5 },
      ],
    })
    const again = parseHistory([...writeHistory(history)])
    expect(again.events).toEqual(history.events)
    expect(pairEvents(again).map(({ outcome }) => outcome)).toEqual(['failed', 'ok', 'unknown', 'unknown'])
  })
})
