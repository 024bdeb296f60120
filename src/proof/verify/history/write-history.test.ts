import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHistory } from './parse-history.ts'
import type { RecordedHistory } from './recorded-history.ts'
import { arbitraryHistories } from './testing/arbitrary-history.ts'
import { externalHistories } from './testing/external-histories.ts'
import { type WrittenFormat, writeHistory } from './write-history.ts'

const formats: readonly WrittenFormat[] = ['dure', 'edn']

/** Where an event stood in its file is not part of what it says. */
function content({ origin, events }: RecordedHistory): RecordedHistory {
  return { origin, events }
}

function written(history: RecordedHistory, format: WrittenFormat): string {
  return [...writeHistory(history, { format })].join('')
}

describe.each(formats)('a history written as %s', (format) => {
  it('reads back as the same, whatever it holds', () => {
    fc.assert(
      fc.property(arbitraryHistories(), (history) => {
        const text = written(history, format)
        expect(content(parseHistory(text))).toEqual(history)
      }),
      { numRuns: 200 },
    )
  })

  it('reads back as the same when bytes and text are cut anywhere', () => {
    fc.assert(
      fc.property(arbitraryHistories(), fc.integer({ min: 1, max: 7 }), (history, length) => {
        const bytes = new TextEncoder().encode(written(history, format))
        const chunks = Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) =>
          bytes.subarray(at * length, (at + 1) * length),
        )
        expect(content(parseHistory(chunks))).toEqual(history)
      }),
      { numRuns: 100 },
    )
  })

  it('keeps every history of other projects', ({ skip }) => {
    const histories = externalHistories('')
    if (histories === undefined) return skip('the histories of other projects are not here')
    for (const { name, bytes } of histories) {
      const history = parseHistory(bytes, { fileName: name })
      const again = parseHistory(written(history, format))
      expect(isDeepStrictEqual(content(again), content(history)), name).toBe(true)
    }
    expect(histories.length).toBe(134)
  })
})

describe('writing a history', () => {
  it('holds one chunk at a time, however long the history', () => {
    function* events(): Generator<RecordedHistory['events'][number]> {
      for (let index = 0; index < 20_000; index++)
        yield { index, process: 0, type: 'invoke', f: 'write', value: index }
    }
    const chunks = writeHistory({ origin: 'dure', events: events() })
    const sizes = Array.from(chunks, (chunk) => chunk.length)
    expect(sizes.length).toBeGreaterThan(10)
    expect(Math.max(...sizes)).toBeLessThan(70_000)
  })

  it('writes EDN as Jepsen does: keywords for names, and for what transactions do', () => {
    const text = written(
      {
        origin: 'jepsen',
        events: [
          { index: 0, process: 'nemesis', type: 'info', f: 'start', value: null, timeNs: 7 },
          { index: 1, process: 3, type: 'ok', f: 'txn', value: [['append', 'x', 1]], error: 'late' },
          { index: 2, process: 3, type: 'invoke', f: 'transfer', value: new Map([['from', 1]]), key: 'k' },
        ],
      },
      'edn',
    )
    expect(text.split('\n')).toEqual([
      '; dure-history 1, origin jepsen',
      '{:index 0, :type :info, :process :nemesis, :f :start, :value nil, :time 7}',
      '{:index 1, :type :ok, :process 3, :f :txn, :value [[:append "x" 1]], :error :late}',
      '{:index 2, :type :invoke, :process 3, :f :transfer, :value {:from 1}, :key "k"}',
      '',
    ])
  })

  it('writes a line of JSON for each event, after one that says what it is', () => {
    const text = written(
      {
        origin: 'dure',
        events: [
          {
            index: 0,
            process: 1,
            type: 'invoke',
            f: 'write',
            value: new Set([2n ** 60n]),
            key: [Number.NaN],
          },
        ],
      },
      'dure',
    )
    expect(text).toBe(
      '{"dure-history":1,"origin":"dure"}\n' +
        '{"index":0,"process":1,"type":"invoke","f":"write","value":{"$set":[1152921504606846976]},"key":[{"$number":"NaN"}]}\n',
    )
  })
})
