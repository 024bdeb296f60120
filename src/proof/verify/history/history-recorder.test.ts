import { describe, expect, it } from 'vitest'
import { HistoryRecorder } from './history-recorder.ts'

describe('a history recorder', () => {
  it('keeps calls and returns in the order in which it was told', () => {
    const recorder = new HistoryRecorder<string, number>()
    const first = recorder.start(1, 'a')
    const second = recorder.start(2, 'b')
    second.complete(7)
    first.fail()
    recorder.start(2, 'c').unknown()
    recorder.start(1, 'd')
    expect(recorder.size).toBe(4)
    expect(recorder.history()).toEqual([
      { process: 1, input: 'a', call: 0, return: 3, outcome: 'failed', output: undefined },
      { process: 2, input: 'b', call: 1, return: 2, outcome: 'ok', output: 7 },
      { process: 2, input: 'c', call: 4, return: 5, outcome: 'unknown', output: undefined },
      { process: 1, input: 'd', call: 6, return: undefined, outcome: 'unknown', output: undefined },
    ])
  })

  it('gives a history that what is recorded later does not change', () => {
    const recorder = new HistoryRecorder<string, number>()
    const operation = recorder.start(1, 'a')
    const before = recorder.history()
    operation.complete(1)
    expect(before[0]).toMatchObject({ outcome: 'unknown', return: undefined })
  })

  it('lets an operation end once', () => {
    const operation = new HistoryRecorder<string, number>().start(1, 'a')
    operation.unknown()
    expect(() => operation.complete(1)).toThrow('ends once')
  })
})
