import { Buffer } from 'node:buffer'
import { inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HistoryEvent, HistoryValue } from '../../verify/history/event.ts'
import { outcomeNames, type PackedHistory, rowOfEvent, unpackColumns } from '../view/packed-history.ts'
import { compressed, packHistory } from './pack-history.ts'
import { reportOperations } from './report-operation.ts'

const plain = { hasTimes: true, startMs: 0, faults: [], anomalies: [] }

/** What the page makes of it. */
function unpacked(packed: PackedHistory) {
  const read = JSON.parse(
    inflateRawSync(Buffer.from(compressed(packed), 'base64')).toString(),
  ) as PackedHistory
  const columns = unpackColumns(read)
  const text = (place: number) => (place === 0 ? undefined : read.texts[place - 1])
  return Array.from({ length: columns.size }, (_, row) => ({
    process: read.processes[columns.process[row]!],
    f: read.functions[columns.f[row]!],
    outcome: outcomeNames[columns.outcome[row]!],
    call: columns.call[row],
    end: columns.end[row],
    fromUs: columns.from[row],
    toUs: columns.to[row],
    value: text(columns.value[row]!),
    answer: text(columns.answer[row]!),
    key: text(columns.key[row]!),
    error: text(columns.error[row]!),
  }))
}

test('operations come out of the page as they went in', () => {
  fc.assert(
    fc.property(arbitraryEvents(), (events) => {
      const operations = reportOperations(events)
      expect(unpacked(packHistory({ ...plain, operations }))).toEqual(
        operations.map(({ process, f, outcome, call, end, callNs, endNs, value, answer, key, error }) => ({
          ...{ process: String(process), f, outcome, call, end: end ?? -1 },
          ...{ fromUs: callNs / 1e3, toUs: endNs / 1e3 },
          value: JSON.stringify(value),
          answer: answer === undefined ? undefined : JSON.stringify(answer),
          key: key === undefined ? undefined : JSON.stringify(key),
          error: error === undefined ? undefined : JSON.stringify(error),
        })),
      )
    }),
  )
})

test('an operation is found by its call and by its end', () => {
  const events: HistoryEvent[] = [
    { index: 10, process: 1, type: 'invoke', f: 'read', value: null },
    { index: 12, process: 2, type: 'invoke', f: 'read', value: null },
    { index: 17, process: 1, type: 'ok', f: 'read', value: 3 },
  ]
  const columns = unpackColumns(packHistory({ ...plain, operations: reportOperations(events) }))
  expect([10, 12, 17, 11].map((event) => rowOfEvent(columns, event))).toEqual([0, 1, 0, -1])
})

test('what is compressed is base64, so that no value can end the element that it stands in', () => {
  const events: HistoryEvent[] = [
    { index: 0, process: '</script>', type: 'invoke', f: '</script><b>', value: '</script>' },
  ]
  expect(compressed(packHistory({ ...plain, operations: reportOperations(events) }))).toMatch(
    /^[A-Za-z0-9+/=]+$/,
  )
})

test('long lists are cut until all fit, but not those of an anomaly', () => {
  const list = Array.from({ length: 1_000 }, (_, i) => 1_000_000 + i)
  const events = Array.from({ length: 600 }, (_, i): HistoryEvent => {
    const about = { index: i, process: 1, f: 'read', timeNs: i }
    return i % 2 === 0
      ? { ...about, type: 'invoke', value: null }
      : { ...about, type: 'ok', value: [i, ...list] }
  })
  const anomalies = [{ name: 'wrong', calls: [40] }]
  const packed = packHistory({ ...plain, operations: reportOperations(events), anomalies }, 60_000)
  const lengths = packed.texts.map(({ length }) => length)
  expect(packed.charactersMax).toBeLessThan(400)
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(60_000)
  expect(lengths.filter((length) => length > 1_000)).toHaveLength(1)
  expect(packed.texts[packed.answer[20]! - 1]).toContain('[41, 1000000, 1000001')
})

test('a damaged history is shown as far as it goes', () => {
  const events: HistoryEvent[] = [
    { index: 0, process: 1, type: 'ok', f: 'read', value: 1, timeNs: 5 },
    { index: 1, process: 1, type: 'invoke', f: 'read', value: null, timeNs: 10 },
    { index: 2, process: 1, type: 'invoke', f: 'read', value: null, timeNs: 20 },
    { index: 3, process: 1, type: 'info', f: 'read', value: null, timeNs: 30, error: 'timeout' },
  ]
  expect(
    reportOperations(events).map(({ call, end, outcome, endNs }) => ({ call, end, outcome, endNs })),
  ).toEqual([
    { call: 1, end: undefined, outcome: 'unknown', endNs: 30 },
    { call: 2, end: 3, outcome: 'unknown', endNs: 30 },
  ])
})

function arbitraryEvents(): fc.Arbitrary<HistoryEvent[]> {
  const value: fc.Arbitrary<HistoryValue> = fc.oneof(fc.integer(), fc.constantFrom('a', '</script>', '"'))
  const step = fc.record({
    process: fc.integer({ min: 0, max: 3 }),
    type: fc.constantFrom('ok', 'fail', 'info'),
    value,
    key: fc.option(value, { nil: undefined }),
    waitUs: fc.integer({ min: 0, max: 1e6 }),
  })
  return fc.array(step, { maxLength: 40 }).map((steps) => {
    const open = new Set<number>()
    let timeNs = 0
    return steps.map(({ process, type, value, key, waitUs }, index): HistoryEvent => {
      timeNs += waitUs * 1e3
      const about = { index, process, f: `f${process}`, value, timeNs }
      if (!open.has(process)) {
        open.add(process)
        return { ...about, type: 'invoke', ...(key === undefined ? {} : { key }) }
      }
      open.delete(process)
      return { ...about, type, ...(type === 'ok' ? {} : { error: 'timeout' }) }
    })
  })
}
