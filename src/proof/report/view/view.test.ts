import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quantileLine, rateBins } from './bins.ts'
import { filterRows, sortRows } from './filter.ts'
import { lanesOf } from './lanes.ts'
import { OK, type PackedHistory, unpackColumns } from './packed-history.ts'
import {
  decades,
  formatCount,
  formatDuration,
  formatTime,
  moved,
  niceStep,
  ticks,
  within,
  zoomed,
} from './scale.ts'

describe('time', () => {
  const whole = { from: 0, to: 1_000_000 }

  test('what is shown stays within the run, however it is moved and zoomed', () => {
    const act = fc.oneof(
      fc.record({
        zoom: fc.double({ min: 0.01, max: 100, noNaN: true }),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({ by: fc.integer({ min: -2_000_000, max: 2_000_000 }) }),
    )
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        let range = whole
        for (const each of acts) {
          range =
            'by' in each
              ? moved(range, whole, each.by)
              : zoomed(range, whole, range.from + each.at * (range.to - range.from), each.zoom)
          expect(range.from).toBeGreaterThanOrEqual(-1e-6)
          expect(range.to).toBeLessThanOrEqual(whole.to + 1e-6)
          expect(range.to - range.from).toBeGreaterThan(100)
        }
      }),
    )
  })

  test('zooming keeps what is under the pointer where it is', () => {
    const range = zoomed({ from: 200_000, to: 600_000 }, whole, 300_000, 0.5)
    expect(range).toEqual({ from: 250_000, to: 450_000 })
    expect(within({ from: 900_000, to: 1_100_000 }, whole)).toEqual({ from: 800_000, to: 1_000_000 })
  })

  test('labels stand at round places', () => {
    expect(ticks({ from: 0, to: 10 }, 5)).toEqual([0, 2, 4, 6, 8, 10])
    expect(ticks({ from: 3.3, to: 4.1 }, 5).map((tick) => tick.toFixed(1))).toEqual([
      '3.4',
      '3.6',
      '3.8',
      '4.0',
    ])
    expect([0.3, 1, 1.2, 41].map(niceStep)).toEqual([0.5, 1, 2, 50])
    expect(decades(300, 40_000)).toEqual([100, 1_000, 10_000])
  })

  test.for([
    [formatDuration(850), '850 µs'],
    [formatDuration(3_214), '3.21 ms'],
    [formatDuration(12_400_000), '12.4 s'],
    [formatTime(1_250_000, 50_000), '1.25 s'],
    [formatTime(754_000_000, 1_000_000), '12:34'],
    [formatTime(402_204, 5), '0.402204 s'],
    [formatCount(1_234_567), '1\u202f234\u202f567'],
    [formatCount(12), '12'],
  ] as const)('%s', ([found, expected]) => {
    expect(found).toBe(expected)
  })
})

test('processes that follow each other share a lane, in which no two operations overlap', () => {
  const call = fc.record({ process: fc.integer({ min: 0, max: 9 }), wait: fc.nat(50), takes: fc.nat(50) })
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
      const freeAt = new Map<number, number>()
      const made = calls
        .map(({ process, wait, takes }) => {
          const from = (freeAt.get(process) ?? 0) + wait
          freeAt.set(process, from + takes)
          return { process, from, to: from + takes }
        })
        .sort((a, b) => a.from - b.from || a.to - b.to)
      const { rows } = lanesOf({
        size: made.length,
        process: Int32Array.from(made, ({ process }) => process),
        from: Float64Array.from(made, ({ from }) => from),
        to: Float64Array.from(made, ({ to }) => to),
      })
      for (const lane of rows) {
        for (let i = 1; i < lane.length; i++) {
          expect(made[lane[i]!]!.from).toBeGreaterThanOrEqual(made[lane[i - 1]!]!.to)
        }
      }
      expect(rows.reduce((sum, lane) => sum + lane.length, 0)).toBe(made.length)
    }),
  )
})

test('a client that goes on as another process keeps its lane', () => {
  const lanes = lanesOf({
    size: 4,
    process: Int32Array.of(0, 1, 2, 1),
    from: Float64Array.of(0, 0, 40, 60),
    to: Float64Array.of(30, 50, 90, 70),
  })
  expect(lanes.processes).toEqual([[0, 2], [1]])
})

const packed: PackedHistory = {
  functions: ['read', 'write'],
  processes: ['0', '1', '10'],
  texts: ['7', '"Timeout"', 'x'],
  charactersMax: 400,
  hasTimes: true,
  call: [0, 1, 1, 1],
  events: [4, 4, 4, 0],
  time: [0, 10, 10, 10],
  duration: [5, 50, 20, 60],
  process: [0, 1, 1, -2],
  f: [0, 1, 1, 0],
  outcome: [0, 2, 1, 0],
  key: [3, 0, 3, 0],
  value: [0, 1, 1, 0],
  answer: [1, 0, 0, 0],
  error: [0, 2, 0, 0],
  faults: [],
  anomalies: [{ name: 'wrong', calls: [2] }],
}
const columns = unpackColumns(packed)

test.for([
  [{}, [0, 1, 2, 3]],
  [{ process: '1' }, [1]],
  [{ process: '0, 10' }, [0, 2, 3]],
  [{ process: '99' }, []],
  [{ f: 1, outcome: 1 }, [2]],
  [{ key: 'X' }, [0, 2]],
  [{ text: 'timeout' }, [1]],
  [{ text: '7' }, [0, 1, 2]],
  [{ isAnomalous: true }, [2]],
  [{ from: 6, to: 15 }, [1]],
] as const)('the table shows what matches: %o', ([filter, rows]) => {
  expect([...filterRows(columns, packed, filter)]).toEqual(rows)
})

test('rows are sorted by latency, the greatest first', () => {
  expect([...sortRows(columns, Int32Array.of(0, 1, 2, 3), 'duration', true)]).toEqual([3, 1, 2, 0])
})

test('rates count what ended in a bin, by outcome', () => {
  const bins = rateBins(columns, { from: 0, to: 100 }, 50)
  expect([...bins.counts]).toEqual([1, 1, 0, 1, 0, 1])
  expect(bins.most).toBe(2)
})

test('quantiles are of acknowledged calls alone', () => {
  const size = 200
  const line = quantileLine(
    {
      from: new Float64Array(size),
      to: Float64Array.from({ length: size }, (_, i) => (i < 100 ? i + 1 : 1e9)),
      outcome: Uint8Array.from({ length: size }, (_, i) => (i < 100 ? OK : 1)),
    },
    Int32Array.from({ length: size }, (_, i) => i),
    { from: 0, to: 20 },
    10,
  )
  expect([line.median[0], line.p99[0], line.median[1]]).toEqual([50, 99, Number.NaN])
})
