import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted, inWords } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { type ElementKey, elementKey, operationsOf, spentOn, wrongShape } from '../client-operations.ts'

export interface PredicateG2Result extends CheckResult {
  readonly statistics: PredicateG2Statistics
}

export interface PredicateG2Statistics {
  readonly keys: number
  /** Keys that exactly one transaction inserted. */
  readonly legal: number
  /** Keys that more than one transaction inserted. */
  readonly illegal: number
}

interface Inserts {
  readonly key: HistoryValue
  tried: number
  readonly done: number[]
}

/**
 * Whether of the transactions that insert a row for a key, after finding none by a predicate, at most one succeeds.
 *
 * ```ts
 * checkPredicateG2(history) // { f: 'insert', value: [key, [1, null]] } and { f: 'insert', value: [key, [null, 2]] }
 * ```
 *
 * Each reads by predicate what the other writes: two that succeed form a cycle of anti-dependencies, Adya's G2.
 */
export function checkPredicateG2(history: RecordedHistory, options: CheckOptions = {}): PredicateG2Result {
  const operations = operationsOf(history, ['insert'])
  const anomalies = new AnomalyList(['G2-predicate'], options)
  const keys = new Map<ElementKey, Inserts>()
  for (const operation of operations) {
    const key = keyOf(history, operation)
    const id = elementKey(key)
    let inserts = keys.get(id)
    if (inserts === undefined) {
      inserts = { key, tried: 0, done: [] }
      keys.set(id, inserts)
    }
    inserts.tried++
    if (operation.outcome === 'ok') inserts.done.push(operation.call)
  }
  let [legal, contested] = [0, 0]
  for (const { key, tried, done } of keys.values()) {
    if (tried > 1 && done.length > 0) contested++
    if (done.length === 1) legal++
    if (done.length < 2) continue
    const [first, second] = done as [number, number]
    anomalies.add('G2-predicate', () => ({
      explanation: `Operations ${inWords(done.slice(0, 8).map(String))} each inserted a row for key ${formatValue(key)} after finding none: each read by predicate what the other wrote.`,
      drawing: [
        `  ${first} ──rw──▶ ${second}`,
        `  ${second} ──rw──▶ ${first}   (no row of key ${formatValue(key)} seen, by both)`,
      ].join('\n'),
      events: done.slice(0, 8),
    }))
  }
  return {
    ...conclude(anomalies, {
      subject: 'The isolation of predicates',
      unknown:
        contested === 0
          ? 'Nothing can be said of predicates: of no key one insert succeeded and another was tried.'
          : undefined,
      valid: `${counted(contested, 'key')} that several inserts tried for: one succeeded each.`,
      spent: spentOn(operations.length, keys.size),
    }),
    statistics: { keys: keys.size, legal, illegal: anomalies.counts['G2-predicate'] },
  }
}

/** The key of the event, or the first of a `[key, ids]` pair. */
function keyOf(history: RecordedHistory, { key, value, call }: RecordedOperation): HistoryValue {
  if (key !== undefined) return key
  if (Array.isArray(value) && value.length === 2) return value[0] as HistoryValue
  throw wrongShape(history, call, value, {
    expected: 'a pair of a key and ids, as [7, [1, nil]]',
    advice: 'An insert names the key that its predicate is about.',
  })
}
