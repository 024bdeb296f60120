import fc from 'fast-check'
import type { HistoryEvent, HistoryValue } from '../event.ts'
import type { RecordedHistory } from '../recorded-history.ts'

/** For tests: values of every shape that a history may hold, nested a few deep. */
export function historyValues(): fc.Arbitrary<HistoryValue> {
  const { value } = fc.letrec<{ value: HistoryValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant(null),
      fc.boolean(),
      fc.integer({ min: -3, max: 5 }),
      fc.double(),
      fc.maxSafeInteger(),
      beyondDoubles(),
      texts(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(tie('value'), { maxLength: 3 }).map((values) => new Set(values)),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    ),
  }))
  return value
}

/** Integers that are bigints when they are read, because a double may not hold them. */
function beyondDoubles(): fc.Arbitrary<bigint> {
  return fc
    .tuple(fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }), fc.boolean())
    .map(([value, negative]) => (negative ? -value : value))
}

function texts(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(
      ...[
        'x',
        'append',
        'r',
        'nil',
        'true',
        '1',
        ':x',
        '$set',
        '$map',
        '',
        'a b',
        '"',
        '\\',
        '\n\t',
        ';',
        '#_',
      ],
      ...['ä€😀', '\ud800', '\ufeff', '\u0000\u007f', '두레', 'a text of more than a few characters'],
    ),
    fc.array(fc.nat({ max: 0xffff }), { maxLength: 6 }).map((codes) => String.fromCharCode(...codes)),
  )
}

/** For tests: histories of any shape, not of any sense: nothing pairs but by chance. */
export function arbitraryHistories(): fc.Arbitrary<RecordedHistory> {
  return fc
    .tuple(
      fc.constantFrom<RecordedHistory['origin']>('dure', 'jepsen', 'jepsen-log', 'porcupine', 'isolation'),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), eventParts()), { maxLength: 12 }),
    )
    .map(([origin, parts]) => {
      let index = -1
      const events = parts.map(([gap, part]): HistoryEvent => ({ index: (index += 1 + gap), ...part }))
      return { origin, events }
    })
}

function eventParts(): fc.Arbitrary<Omit<HistoryEvent, 'index'>> {
  return fc.record(
    {
      process: fc.oneof(fc.nat({ max: 9 }), fc.constantFrom('nemesis', 'client 1', 'ä')),
      type: fc.constantFrom<HistoryEvent['type']>('invoke', 'ok', 'fail', 'info'),
      f: fc.constantFrom('read', 'write', 'txn', 'a b', 'Ω'),
      value: historyValues(),
      timeNs: fc.maxSafeInteger().map(Math.abs),
      key: historyValues(),
      error: historyValues(),
    },
    { requiredKeys: ['process', 'type', 'f', 'value'] },
  )
}
