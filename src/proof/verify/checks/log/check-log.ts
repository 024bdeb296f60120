import type { RecordedHistory } from '../../history/recorded-history.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted, inWords } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { didNotHappen, spentOn } from '../client-operations.ts'
import { followClients, type LogAnomalies, logAnomalies } from './follow-clients.ts'
import { type LogOperation, readLogOperations } from './log-operations.ts'
import { type KnownMessage, PartitionLog } from './partition-log.ts'

export interface LogOptions extends CheckOptions {
  /**
   * Whether clients polled every partition to its end when all else was over. Then a message that was acknowledged and
   * that nobody polled is an anomaly; else it is only counted.
   */
  readonly finalPolls?: boolean
  /**
   * Whether clients read partitions from their beginning, as Jepsen's do: true unless told. Then a message that nobody
   * polled is lost once anybody polled beyond it. Else it is lost only when one client polled before it and beyond it,
   * without being given other partitions between.
   */
  readonly fromBeginning?: boolean
}

export interface LogResult extends CheckResult {
  readonly statistics: LogStatistics
}

export interface LogStatistics {
  readonly partitions: number
  readonly sent: number
  readonly acknowledged: number
  /** Different messages that were polled. */
  readonly polled: number
  /** Acknowledged messages that nobody polled although nobody polled beyond them either. */
  readonly unseen: number
  /** Sends of one transaction that others' came between, which is allowed. */
  readonly interleavedSends: number
  readonly anomalies: Readonly<Record<string, number>>
}

/**
 * Whether a log of partitions, as Kafka is one, keeps what it acknowledged and shows it in order.
 *
 * ```ts
 * checkLog(history) // [['send', 'a', [0, 1]]], [['poll', { a: [[0, 1], [1, 2]] }]]
 * ```
 *
 * Offsets tell the order of messages. Messages have values of their own. A client that subscribes may be given other
 * partitions at any time, so only one that assigns its partitions is asked to poll without gaps.
 */
export function checkLog(history: RecordedHistory, options: LogOptions = {}): LogResult {
  const operations = readLogOperations(history)
  const anomalies: LogAnomalies = new AnomalyList(logAnomalies, options)
  const logs = buildLogs(operations)
  let [sent, acknowledged, polled, unseen, values] = [0, 0, 0, 0, 0]
  for (const { sends, polls } of operations) values += sends.length + polls.length
  const spans = options.fromBeginning === false ? polledSpans(operations, logs) : undefined
  for (const log of logs.values()) {
    findConflicts(log, anomalies)
    const beyond = spans === undefined ? beyondAll(log) : beyondSpans(spans.get(log.key) ?? [])
    const lost = findLost(log, beyond, anomalies)
    for (const message of log.messages.values()) {
      if (message.sends > 0) sent++
      if (message.acknowledged >= 0) acknowledged++
      if (message.polled >= 0) polled++
      if (message.acknowledged < 0 || message.polled >= 0 || lost.has(message)) continue
      unseen++
      if (options.finalPolls === true)
        anomalies.add('unseen-message', () => ({
          explanation: `Operation ${message.acknowledged} sent ${nameOf(log, message)}, which was acknowledged, and nobody polled it.`,
          events: [message.acknowledged],
        }))
    }
  }
  findUnexplained(operations, logs, anomalies)
  const interleavedSends = followClients(operations, logs, anomalies)
  return {
    ...conclude(anomalies, {
      subject: 'The log',
      unknown:
        polled === 0 || acknowledged === 0
          ? 'Nothing can be said of the log: no message was polled, or none was acknowledged.'
          : undefined,
      valid: `${counted(polled, 'message')} of ${counted(logs.size, 'partition')} polled in order, none lost or made up; ${unseen} acknowledged and not polled yet.`,
      spent: spentOn(operations.length + values, 3 * values),
    }),
    statistics: {
      ...{ partitions: logs.size, sent, acknowledged, polled, unseen, interleavedSends },
      anomalies: anomalies.counts,
    },
  }
}

/** Offsets are told by acknowledged sends and by polls. */
function buildLogs(operations: readonly LogOperation[]): ReadonlyMap<string, PartitionLog> {
  const logs = new Map<string, PartitionLog>()
  const logOf = (key: string): PartitionLog => {
    let log = logs.get(key)
    if (log === undefined) {
      log = new PartitionLog(key)
      logs.set(key, log)
    }
    return log
  }
  for (const { operation, sends, polls } of operations) {
    const { call } = operation
    for (const message of sends) {
      const log = logOf(message.key)
      const known = log.messageOf(message)
      if (didNotHappen(operation)) {
        if (known.failed < 0) known.failed = call
        continue
      }
      known.sends++
      if (known.sent < 0) known.sent = call
      if (operation.outcome === 'ok') known.acknowledged = call
      log.place(message)
    }
    for (const message of polls) {
      const log = logOf(message.key)
      const known = log.messageOf(message)
      if (known.polled < 0) known.polled = call
      log.place(message)
    }
  }
  for (const log of logs.values()) log.seal()
  return logs
}

function nameOf({ key }: PartitionLog, { value }: KnownMessage): string {
  return `message ${formatValue(value)} of partition ${key}`
}

function findConflicts(log: PartitionLog, anomalies: LogAnomalies): void {
  for (const [offset, ids] of log.conflicts) {
    const messages = [...ids].map((id) => log.messages.get(id)!)
    anomalies.add('inconsistent-offset', () => ({
      explanation: `At offset ${offset} of partition ${log.key} there were ${inWords(messages.slice(0, 8).map(({ value }) => formatValue(value)))}.`,
      drawing: messages
        .slice(0, 4)
        .map(({ value, acknowledged, polled }) => {
          const sights = [
            ...(acknowledged < 0 ? [] : [`sent by ${acknowledged}`]),
            ...(polled < 0 ? [] : [`polled by ${polled}`]),
          ]
          return `  offset ${offset}: ${formatValue(value)} (${sights.join(', ')})`
        })
        .join('\n'),
      events: messages
        .slice(0, 8)
        .map(({ acknowledged, polled }) => (acknowledged < 0 ? polled : acknowledged)),
    }))
  }
  for (const message of log.messages.values()) {
    const { offsets, sends, acknowledged, polled } = message
    // What was sent twice may be there twice.
    if (offsets === undefined || offsets.size <= sends) continue
    anomalies.add('duplicate-message', () => ({
      explanation: `${nameOf(log, message)} is at offsets ${inWords(
        [...offsets]
          .sort((a, b) => a - b)
          .slice(0, 8)
          .map(String),
      )}, and was sent ${sends === 1 ? 'once' : `${sends} times`}.`.replace(/^m/, 'M'),
      events: [acknowledged, polled].filter((call) => call >= 0),
    }))
  }
}

/** A message that someone polled who must have polled this place before; undefined when nobody did. */
type Beyond = (index: number) => KnownMessage | undefined

/** From the beginning: what lies before the furthest message that anyone polled. */
function beyondAll(log: PartitionLog): Beyond {
  let furthest = -1
  let beyond: KnownMessage | undefined
  for (const message of log.messages.values()) {
    if (message.polled < 0) continue
    const index = log.firstIndex(message) ?? -1
    if (index > furthest) [furthest, beyond] = [index, message]
  }
  return (index) => (index <= furthest ? beyond : undefined)
}

/** What one client polled of a partition while it had it: from one place to another. */
interface PolledSpan {
  readonly from: number
  to: number
  last: KnownMessage
}

function polledSpans(
  operations: readonly LogOperation[],
  logs: ReadonlyMap<string, PartitionLog>,
): ReadonlyMap<string, PolledSpan[]> {
  const spans = new Map<string, PolledSpan[]>()
  /** By process and partition: the span that goes on. */
  const open = new Map<number | string, Map<string, PolledSpan>>()
  for (const { operation, polls, assigned } of operations) {
    const { process } = operation
    if (assigned !== undefined || operation.outcome !== 'ok') open.delete(process)
    for (const polled of polls) {
      const log = logs.get(polled.key)!
      const index = log.indexOf(polled)
      if (index === undefined) continue
      let own = open.get(process)
      if (own === undefined) open.set(process, (own = new Map()))
      const message = log.messages.get(polled.id)!
      const span = own.get(polled.key)
      // What goes back begins anew.
      if (span !== undefined && index >= span.to) {
        span.to = index
        span.last = message
        continue
      }
      const begun = { from: index, to: index, last: message }
      own.set(polled.key, begun)
      const ofLog = spans.get(polled.key)
      if (ofLog === undefined) spans.set(polled.key, [begun])
      else ofLog.push(begun)
    }
  }
  return spans
}

function beyondSpans(spans: readonly PolledSpan[]): Beyond {
  const sorted = spans.toSorted((left, right) => left.from - right.from)
  /** For each span the one that reaches furthest of it and those before it. */
  const furthest: PolledSpan[] = []
  for (const span of sorted) {
    const before = furthest.at(-1)
    furthest.push(before === undefined || span.to > before.to ? span : before)
  }
  return (index) => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle]!.from <= index) low = middle + 1
      else high = middle
    }
    const span = furthest[low - 1]
    return span !== undefined && span.to >= index ? span.last : undefined
  }
}

/**
 * What lies before a message that was polled must have been polled too. A message at several offsets counts with its
 * first for how far polls went, and with its last for whether it must have been polled.
 */
function findLost(log: PartitionLog, beyondOf: Beyond, anomalies: LogAnomalies): ReadonlySet<KnownMessage> {
  const lost = new Set<KnownMessage>()
  for (const message of log.messages.values()) {
    if (message.polled >= 0 || message.acknowledged < 0) continue
    const index = log.lastIndex(message)
    if (index === undefined) continue
    const beyond = beyondOf(index)
    if (beyond === undefined) continue
    lost.add(message)
    anomalies.add('lost-message', () => ({
      explanation: `Operation ${message.acknowledged} sent ${nameOf(log, message)}, acknowledged at offset ${message.offset}. Nobody polled it, though operation ${beyond.polled} polled ${formatValue(beyond.value)} at offset ${beyond.offset}, beyond it.`,
      drawing: `  ${log.key}: ... [${message.offset}: ${formatValue(message.value)}, never polled] ... [${beyond.offset}: ${formatValue(beyond.value)}, polled]`,
      events: [message.acknowledged, beyond.polled],
    }))
  }
  return lost
}

/** Messages that a poll cannot have found: of failed sends, of nobody, of the same transaction. */
function findUnexplained(
  operations: readonly LogOperation[],
  logs: ReadonlyMap<string, PartitionLog>,
  anomalies: LogAnomalies,
): void {
  for (const { operation, sends, polls } of operations) {
    const { call } = operation
    for (const { key, id } of polls) {
      const log = logs.get(key)!
      const message = log.messages.get(id)!
      const what = `Operation ${call} polled ${nameOf(log, message)}`
      if (sends.some((own) => own.key === key && own.id === id))
        anomalies.add('precommitted-read', () => ({
          explanation: `${what}, which it sends itself: what a transaction sends is not to be seen before it commits.`,
          events: [call],
        }))
      if (message.sent >= 0 && message.sent < operation.return!) continue
      if (message.sent < 0 && message.failed >= 0 && message.failed < operation.return!)
        anomalies.add('aborted-read', () => ({
          explanation: `${what}, whose send, operation ${message.failed}, failed.`,
          events: [message.failed, call],
        }))
      else
        anomalies.add('unexpected-message', () => ({
          explanation: `${what}, which ${message.sent < 0 ? 'nobody sent' : `operation ${message.sent} sent only after the poll had returned`}.`,
          events: [call],
        }))
    }
  }
}
