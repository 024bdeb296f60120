import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import {
  didNotHappen,
  type ElementKey,
  elementKey,
  operationsOf,
  spentOn,
  wrongShape,
} from '../client-operations.ts'

export interface LongForkOptions extends CheckOptions {
  /** How many keys each read looks at; unless told, reads of the same keys are compared, however many they are. */
  readonly groupSize?: number
}

export interface LongForkResult extends CheckResult {
  readonly statistics: LongForkStatistics
}

export interface LongForkStatistics {
  readonly groups: number
  readonly reads: number
  readonly writes: number
  /** Reads that found none of their keys written: they say little. */
  readonly earlyReads: number
  /** Reads that found all of their keys written. */
  readonly lateReads: number
  readonly forks: number
}

/** What reads of the same keys saw: which of the keys were written, as a text of `1` and `0`. */
interface Group {
  readonly keys: readonly HistoryValue[]
  readonly seen: Map<string, RecordedOperation>
  readonly values: (HistoryValue | undefined)[]
  reads: number
}

/**
 * Whether all reads saw writes appear in one order: two reads of the same keys, of which each saw a write that the other
 * missed, saw a long fork.
 *
 * ```ts
 * checkLongFork(history, { groupSize: 2 }) // [['w', 0, 1]] writes; [['r', 0, 1], ['r', 1, null]] reads a group
 * ```
 *
 * Snapshot isolation rules it out, parallel snapshot isolation does not. Each key is written once.
 */
export function checkLongFork(history: RecordedHistory, options: LongForkOptions = {}): LongForkResult {
  const operations = operationsOf(history, ['txn', 'read', 'write'])
  const anomalies = new AnomalyList(['long-fork', 'unwritten-value'], options)
  const written = new Map<
    ElementKey,
    { readonly value: HistoryValue; readonly operation: RecordedOperation }
  >()
  const reads: RecordedOperation[] = []
  let unusable: string | undefined
  let writes = 0
  for (const operation of operations) {
    const parts = partsOf(history, operation)
    if (parts[0]![0] === 'r') {
      if (operation.outcome === 'ok') reads.push(operation)
      continue
    }
    writes++
    const key = elementKey(parts[0]![1])
    const before = written.get(key)
    if (before !== undefined)
      unusable ??= `Nothing can be said of long forks: key ${formatValue(parts[0]![1])} is written by operations ${before.operation.call} and ${operation.call}, and the check compares keys that are written once.`
    written.set(key, { value: parts[0]![2], operation })
  }

  const groups = new Map<string, Group>()
  let [earlyReads, lateReads, values] = [0, 0, 0]
  for (const read of reads) {
    const parts = answerOf(history, read, options.groupSize)
    values += parts.length
    const sorted = parts
      .map(([, key, value]) => ({ key, id: elementKey(key), value }))
      .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    const name = sorted.map(({ id }) => `${typeof id} ${id}`).join('\n')
    let group = groups.get(name)
    if (group === undefined) {
      group = { keys: sorted.map(({ key }) => key), seen: new Map(), values: [], reads: 0 }
      groups.set(name, group)
    }
    group.reads++
    let seen = ''
    for (let at = 0; at < sorted.length; at++) {
      const { key, id, value } = sorted[at]!
      seen += value === null ? '0' : '1'
      if (value === null) continue
      const because = whyUnwritten(written, id, value, read)
      if (because !== undefined)
        anomalies.add('unwritten-value', () => ({
          explanation: `Operation ${read.call} read ${formatValue(value)} from key ${formatValue(key)}, but ${because}.`,
          events: [read.call],
        }))
      const other = group.values[at]
      if (other !== undefined && !equalValues(other, value))
        unusable ??= `Nothing can be said of long forks: key ${formatValue(key)} was read as ${formatValue(other)} and as ${formatValue(value)}, and the check compares keys that are written once.`
      group.values[at] = value
    }
    if (!seen.includes('1')) earlyReads++
    if (!seen.includes('0')) lateReads++
    if (!group.seen.has(seen)) group.seen.set(seen, read)
  }
  if (unusable === undefined) for (const group of groups.values()) findForks(group, anomalies)

  const compared = [...groups.values()].filter((group) => group.reads > 1 && group.keys.length > 1)
  const uncompared =
    'Nothing can be said of long forks: no two reads looked at the same keys, two or more, and found a write.'
  return {
    ...conclude(anomalies, {
      subject: 'The order of writes',
      unknown: unusable ?? (compared.length === 0 || earlyReads === reads.length ? uncompared : undefined),
      valid: `${counted(reads.length, 'read')} of ${counted(groups.size, 'group')} of keys saw the writes of each group appear in one order.`,
      spent: spentOn(operations.length + values, reads.length + written.size),
    }),
    statistics: {
      ...{ groups: groups.size, reads: reads.length, writes, earlyReads, lateReads },
      forks: anomalies.counts['long-fork'],
    },
  }
}

/**
 * What was seen is a chain, each set within the next, exactly when neighbours by size are: so one comparison for each
 * distinct sight is enough.
 */
function findForks(group: Group, anomalies: AnomalyList<'long-fork' | 'unwritten-value'>): void {
  const size = (seen: string): number => seen.length - seen.replaceAll('1', '').length
  const sights = [...group.seen].sort(([a], [b]) => size(a) - size(b))
  for (let at = 1; at < sights.length; at++) {
    const [[fewer, one], [more, other]] = [sights[at - 1]!, sights[at]!]
    const missed = [...fewer].findIndex((bit, key) => bit === '1' && more[key] === '0')
    if (missed < 0) continue
    const added = [...more].findIndex((bit, key) => bit === '1' && fewer[key] === '0')
    const [first, second] = [formatValue(group.keys[missed]), formatValue(group.keys[added])]
    anomalies.add('long-fork', () => ({
      explanation: `Operation ${one.call} saw the write of key ${first} and not that of key ${second}; operation ${other.call} saw the write of ${second} and not that of ${first}. No order of the two writes explains both.`,
      drawing: [
        `            ${group.keys.map((key) => formatValue(key, { charactersMax: 8 }).padStart(8)).join('')}`,
        ...[[fewer, one] as const, [more, other] as const].map(
          ([seen, read]) =>
            `  ${String(read.call).padStart(10)}${[...seen].map((bit) => (bit === '1' ? 'written' : '-').padStart(8)).join('')}`,
        ),
      ].join('\n'),
      events: [one.call, other.call],
    }))
  }
}

function whyUnwritten(
  written: ReadonlyMap<ElementKey, { readonly value: HistoryValue; readonly operation: RecordedOperation }>,
  key: ElementKey,
  value: HistoryValue,
  read: RecordedOperation,
): string | undefined {
  // A history of reads alone was recorded without its writes.
  if (written.size === 0) return undefined
  const write = written.get(key)
  if (write === undefined) return 'nobody wrote that key'
  if (!equalValues(write.value, value))
    return `operation ${write.operation.call} wrote ${formatValue(write.value)}`
  if (didNotHappen(write.operation)) return `its write, operation ${write.operation.call}, failed`
  if (write.operation.call > read.return!)
    return `its write, operation ${write.operation.call}, was called only after the read had returned`
  return undefined
}

type Part = readonly ['r' | 'w', key: HistoryValue, value: HistoryValue]

/** Either reads only, or one write. */
function partsOf(history: RecordedHistory, operation: RecordedOperation): readonly Part[] {
  const parts = microOperations(operation.value)
  if (parts !== undefined && (parts.every(([f]) => f === 'r') || parts.length === 1)) return parts
  throw wrongShape(history, operation.call, operation.value, {
    expected: 'a list of reads, as [["r", 0, nil], ["r", 1, nil]], or of one write, as [["w", 0, 1]]',
    advice: 'The check for long forks compares reads of groups of keys that are written once.',
  })
}

function answerOf(
  history: RecordedHistory,
  read: RecordedOperation,
  groupSize: number | undefined,
): readonly Part[] {
  const parts = microOperations(read.answer)
  if (parts?.every(([f]) => f === 'r') && (groupSize === undefined || parts.length === groupSize))
    return parts
  throw wrongShape(history, read.return!, read.answer, {
    expected: `reads of ${groupSize === undefined ? 'keys' : counted(groupSize, 'key')}, as [["r", 0, 1], ["r", 1, nil]]`,
    advice: 'Each read looks at one group of keys; tell the size of the groups if it is another.',
  })
}

function microOperations(value: HistoryValue | undefined): readonly Part[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  for (const part of value)
    if (!Array.isArray(part) || part.length !== 3 || (part[0] !== 'r' && part[0] !== 'w')) return undefined
  return value as unknown as readonly Part[]
}
