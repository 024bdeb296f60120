import { formatValue } from '../../history/value/format-value.ts'
import type { AnomalyList } from '../anomaly-list.ts'
import type { LogMessage, LogOperation } from './log-operations.ts'
import type { PartitionLog } from './partition-log.ts'

/** In the order in which they are told. */
export const logAnomalies = [
  'lost-message',
  'inconsistent-offset',
  'aborted-read',
  'unexpected-message',
  'precommitted-read',
  'duplicate-message',
  'unseen-message',
  'poll-skip',
  'nonmonotonic-poll',
  'internal-poll-skip',
  'internal-nonmonotonic-poll',
  'nonmonotonic-send',
  'internal-nonmonotonic-send',
] as const

export type LogAnomalies = AnomalyList<(typeof logAnomalies)[number]>

/** A message of a client, and the operation that it was part of. */
interface Last {
  readonly message: LogMessage
  readonly call: number
}

interface Client {
  readonly polled: Map<string, Last>
  readonly sent: Map<string, Last>
  /** Its partitions are taken and given without its doing. */
  isSubscribed: boolean
}

/**
 * Follows each client through the log: its polls take up where the last left off, its sends land behind one another.
 * Answers with how many sends of one transaction had others' messages between them.
 */
export function followClients(
  operations: readonly LogOperation[],
  logs: ReadonlyMap<string, PartitionLog>,
  anomalies: LogAnomalies,
): number {
  const clients = new Map<number | string, Client>()
  let interleavedSends = 0
  for (const { operation, sends, polls, assigned } of operations) {
    const { process, f, outcome, call } = operation
    let client = clients.get(process)
    if (client === undefined) {
      client = { polled: new Map(), sent: new Map(), isSubscribed: false }
      clients.set(process, client)
    }
    if (outcome === 'failed') continue
    if (assigned !== undefined) {
      client.isSubscribed = f === 'subscribe'
      // It goes on where it was in those that it keeps.
      for (const key of client.polled.keys())
        if (!assigned.has(key) || outcome === 'unknown') client.polled.delete(key)
      continue
    }
    if (outcome === 'unknown') {
      // Polls that were not answered may have gone on; sends that were not have no offset.
      if (f !== 'send') client.polled.clear()
      continue
    }
    if (client.isSubscribed) client.polled.clear()
    for (const message of polls) {
      const before = client.polled.get(message.key)
      const log = logs.get(message.key)!
      if (before !== undefined && !client.isSubscribed)
        comparePolls(log, before, { message, call }, anomalies)
      client.polled.set(message.key, { message, call })
    }
    for (const message of sends) {
      const log = logs.get(message.key)!
      const index = log.indexOf(message)
      if (index === undefined) continue
      const before = client.sent.get(message.key)
      if (before !== undefined) {
        const step = index - log.indexOf(before.message)!
        if (step < 1) tellSend(log, before, { message, call }, anomalies)
        else if (step > 1 && before.call === call) interleavedSends++
      }
      client.sent.set(message.key, { message, call })
    }
  }
  return interleavedSends
}

function comparePolls(
  log: PartitionLog,
  before: Last,
  { message, call }: Last,
  anomalies: LogAnomalies,
): void {
  const [from, to] = [log.indexOf(before.message), log.indexOf(message)]
  if (from === undefined || to === undefined || to - from === 1) return
  const isInternal = before.call === call
  const events = isInternal ? [call] : [before.call, call]
  const first = `${told(before.message)} of partition ${log.key}${isInternal ? '' : ` by operation ${before.call}`}`
  if (to - from > 1)
    anomalies.add(isInternal ? 'internal-poll-skip' : 'poll-skip', () => ({
      explanation: `The client of operation ${call} polled ${first} and next ${told(message)}, leaving out ${to - from - 1} that ${to - from === 2 ? 'is' : 'are'} between.`,
      events,
    }))
  else
    anomalies.add(isInternal ? 'internal-nonmonotonic-poll' : 'nonmonotonic-poll', () => ({
      explanation: `The client of operation ${call} polled ${first} and next ${told(message)}, which is ${to === from ? 'the same place' : 'before it'}.`,
      events,
    }))
}

function tellSend(log: PartitionLog, before: Last, { message, call }: Last, anomalies: LogAnomalies): void {
  const isInternal = before.call === call
  anomalies.add(isInternal ? 'internal-nonmonotonic-send' : 'nonmonotonic-send', () => ({
    explanation: `The client of operation ${call} sent ${told(before.message)} to partition ${log.key}${isInternal ? '' : ` by operation ${before.call}`} and then ${told(message)}, which is not behind it.`,
    events: isInternal ? [call] : [before.call, call],
  }))
}

function told({ value, offset }: LogMessage): string {
  return `${formatValue(value)}${offset === undefined ? '' : ` at offset ${offset}`}`
}
