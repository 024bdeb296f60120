import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { historyFormats } from './format/history-format.ts'
import { HistoryError } from './history-error.ts'
import { pairEvents } from './pair-events.ts'
import { parseHistory } from './parse-history.ts'
import { externalHistories } from './testing/external-histories.ts'
import { writeHistory } from './write-history.ts'

/** Beginnings of histories in every form, as they really are. */
function samples(): readonly string[] {
  const history = parseHistory(
    '[{:index 3, :type :invoke, :process 0, :f :txn, :value [[:append 1 2.5] [:r "ä" #{1 {2 nil}}]], :time 17}\n' +
      ' {:index 4, :type :ok, :process 0, :f :txn, :value [[:append 1 2.5] [:r "ä" ##NaN]], :error :late, :key 9N}]',
  )
  const own = (['dure', 'edn'] as const).map((format) => [...writeHistory(history, { format })].join(''))
  const others = [
    '{:process 9, :type :invoke, :f :append, :key "0", :value "x 9 0 y"}\n{:process 9, :type :ok, :f :append, :key "0"}',
    'INFO  jepsen.util - 4\t:invoke\t:cas\t[1 3]\nINFO  jepsen.util - 4\t:info\t:cas\t:timed-out\n',
    'w 0 1\nr 1 22\n-----\nr 0 1\n=====\nw 1 22\n',
    '[{"type":"invoke","f":"read","value":{"a":[1,-2.5e3,null,true]}},\n{"type":"ok","f":"read","value":"\\u00e9"}]',
  ]
  const external = externalHistories('') ?? []
  const beginnings = external
    .filter((_, at) => at % 9 === 0)
    .map(({ bytes }) => new TextDecoder().decode(bytes).slice(0, 1500))
  return [...own, ...others, ...beginnings]
}

/** Cut off, with a part gone, doubled or overwritten. */
function damaged(text: string, damages: readonly Damage[]): string {
  for (const { kind, place, length, insert } of damages) {
    const at = Math.floor(place * text.length)
    if (kind === 'cut') text = text.slice(0, at)
    else if (kind === 'remove') text = text.slice(0, at) + text.slice(at + length)
    else if (kind === 'double') text = text.slice(0, at + length) + text.slice(at)
    else text = text.slice(0, at) + insert + text.slice(at + (kind === 'overwrite' ? insert.length : 0))
  }
  return text
}

interface Damage {
  readonly kind: 'cut' | 'remove' | 'double' | 'insert' | 'overwrite'
  readonly place: number
  readonly length: number
  readonly insert: string
}

const damages: fc.Arbitrary<readonly Damage[]> = fc.array(
  fc.record<Damage>({
    kind: fc.constantFrom('cut', 'remove', 'double', 'insert', 'overwrite'),
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat({ max: 40 }),
    insert: fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        '(',
        '#',
        '#_',
        '##',
        '#{',
        '"',
        '\\',
        ':',
        ';',
        ',',
        '^',
        '\t',
        '\n',
        '\r',
        '\u0000',
      ],
      ...[
        '-',
        '=',
        '1',
        '1e999',
        '99999999999999999999',
        '0.',
        'nil',
        '\ud800',
        '\ufeff',
        ':type',
        ':info',
        'r',
        '/',
      ],
      ...['[['.repeat(400), '{"a":'.repeat(400), '#x '.repeat(400)],
    ),
  }),
  { minLength: 1, maxLength: 4 },
)

describe('a damaged history', () => {
  const texts = samples()

  it('is read, or refused with a HistoryError that has a place: nothing else is thrown', () => {
    const formats = [undefined, ...historyFormats.map(({ name }) => name)]
    let refused = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        damages,
        fc.constantFrom(...formats),
        fc.integer({ min: 1, max: 99 }),
        (text, damage, format, length) => {
          const bad = damaged(text, damage)
          const bytes = new TextEncoder().encode(bad)
          const chunks = Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) =>
            bytes.subarray(at * length, (at + 1) * length),
          )
          try {
            const history = parseHistory(chunks, format === undefined ? {} : { format })
            pairEvents(history)
          } catch (error) {
            if (!(error instanceof HistoryError)) throw error
            refused++
            expect(error.message).toMatch(/found .+, expected .+\. [A-Z]/s)
          }
        },
      ),
      { numRuns: 2000 },
    )
    expect(refused).toBeGreaterThan(500)
  })
})
