import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HistoryEvent } from './event.ts'
import { type HistoryFormat, historyFormats } from './format/history-format.ts'
import { HistoryError } from './history-error.ts'
import { parseHistory, streamHistory } from './parse-history.ts'
import type { RecordedHistory } from './recorded-history.ts'
import { arbitraryHistories } from './testing/arbitrary-history.ts'
import { externalHistories } from './testing/external-histories.ts'
import { writeHistory } from './write-history.ts'

const formats: readonly HistoryFormat[] = ['dure', 'edn']

/** Where an event stood in its file is not part of what it says. */
function content({ origin, events }: RecordedHistory): RecordedHistory {
  return { origin, events }
}

function textOf(history: RecordedHistory, format: HistoryFormat): string {
  return [...writeHistory(history, { format })].join('')
}

describe.each(formats)('a history written as %s', (format) => {
  it('reads back as the same, whatever it holds', () => {
    fc.assert(
      fc.property(arbitraryHistories(), (history) => {
        const text = textOf(history, format)
        expect(content(parseHistory(text))).toEqual(history)
      }),
      { numRuns: 200 },
    )
  })

  it('reads back as the same when bytes and text are cut anywhere', () => {
    fc.assert(
      fc.property(arbitraryHistories(), fc.integer({ min: 1, max: 7 }), (history, length) => {
        const bytes = new TextEncoder().encode(textOf(history, format))
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
      const again = parseHistory(textOf(history, format))
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
    const text = textOf(
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
    const text = textOf(
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

describe('a history written in the form of another tool', () => {
  it('reads back as the same, for every history of that tool', ({ skip }) => {
    const histories = externalHistories('')
    if (histories === undefined) return skip('the histories of other projects are not here')
    const written = new Map<HistoryFormat, number>()
    for (const { name, bytes } of histories) {
      const { format } = streamHistory(bytes)
      const history = parseHistory(bytes)
      const text = textOf(history, format)
      expect(isDeepStrictEqual(content(parseHistory(text)), content(history)), name).toBe(true)
      written.set(format, (written.get(format) ?? 0) + 1)
      // But for blank lines it is the text itself, where the tool writes one line for each.
      if (format === 'jepsen-log' || format === 'porcupine')
        expect(text).toBe(new TextDecoder().decode(bytes))
    }
    expect(written.get('isolation')).toBe(12)
    expect(written.get('jepsen-log')).toBe(50)
  })

  it('reads back as the same, or is refused, naming the event, whatever it holds', () => {
    let kept = 0
    fc.assert(
      fc.property(
        arbitraryHistories(),
        fc.constantFrom(...historyFormats),
        fc.boolean(),
        (drawn, { name: format, origin }, isBare) => {
          const events = drawn.events
            .map((event, at) => (isBare ? { ...event, index: at, timeNs: undefined, key: undefined } : event))
            .slice(0, isBare ? 3 : 12)
          const history = { origin, events }
          try {
            const text = textOf(history, format)
            if (text === '') return
            expect(content(parseHistory(text, { format }))).toEqual(history)
            kept++
          } catch (error) {
            if (!(error instanceof HistoryError)) throw error
            expect(error.index).toBeTypeOf('number')
          }
        },
      ),
      { numRuns: 1000 },
    )
    expect(kept).toBeGreaterThan(200)
  })

  it.each<readonly [HistoryFormat, RecordedHistory['origin'], Partial<HistoryEvent>, string]>([
    ['json', 'jepsen', { value: [new Set([1])] }, 'found the value [#{1}], expected maps with texts as keys'],
    [
      'json',
      'jepsen',
      { error: new Map([[1, 2]]) },
      'found the error {1: 2}, expected maps with texts as keys',
    ],
    ['json', 'jepsen', { key: Number.NaN }, 'found the key NaN, expected'],
    [
      'json',
      'dure',
      {},
      'found a history of origin dure to be written as json, expected one of origin jepsen',
    ],
    ['jepsen-log', 'jepsen-log', { index: 3 }, 'found the index 3, expected 0, its place'],
    ['jepsen-log', 'jepsen-log', { timeNs: 3 }, 'found the time 3, expected no time'],
    ['jepsen-log', 'jepsen-log', { f: 'a b' }, 'found the function "a b", expected a name without blanks'],
    ['jepsen-log', 'jepsen-log', { process: -1 }, 'found the process -1, expected a count from 0'],
    ['porcupine', 'porcupine', { f: 'cas' }, 'found the function "cas", expected get, put or append'],
    ['porcupine', 'porcupine', { f: 'get', key: 3 }, 'found the key 3, expected a text'],
    ['isolation', 'isolation', { f: 'txn', type: 'ok' }, 'found the type "ok", expected invoke'],
    ['isolation', 'isolation', { f: 'txn', process: 1 }, 'found the process 1, expected session 0, the next'],
    ['isolation', 'isolation', { f: 'txn' }, 'found a call without an end nil, expected an ok of each'],
  ])('%s of origin %s has no place for %j', (format, origin, part, message) => {
    const event: HistoryEvent = { index: 0, process: 0, type: 'invoke', f: 'read', value: null, ...part }
    expect(() => textOf({ origin, events: [event] }, format)).toThrow(message)
  })
})
