import { type FaultKind, faultKinds } from '../../chaos/nemesis/cluster-under-test.ts'
import { quantilesOf } from '../../verify/checks/quantiles.ts'
import type { HistoryEvent } from '../../verify/history/event.ts'
import type { CallStatistics, FaultSpan } from './test-record.ts'

/**
 * What became of the calls of a history, by function, in the order in which they were first made.
 *
 * ```ts
 * callStatistics(history.events).read?.latencyMs?.p99
 * ```
 */
export function callStatistics(events: readonly HistoryEvent[]): Readonly<Record<string, CallStatistics>> {
  const tallies = new Map<string, Tally>()
  const open = new Map<number, number>()
  for (const { process, type, f, timeNs = 0 } of events) {
    if (typeof process === 'string') continue
    let tally = tallies.get(f)
    if (tally === undefined) tallies.set(f, (tally = { ok: [], fail: 0, info: 0, open: 0 }))
    if (type === 'invoke') {
      open.set(process, timeNs)
      tally.open++
      continue
    }
    tally.open--
    if (type === 'ok') tally.ok.push((timeNs - open.get(process)!) / 1e6)
    else tally[type]++
  }
  return Object.fromEntries([...tallies].map(([f, tally]) => [f, statisticsOf(tally)]))
}

interface Tally {
  /** How long each took. */
  readonly ok: number[]
  fail: number
  info: number
  open: number
}

function statisticsOf({ ok, fail, info, open }: Tally): CallStatistics {
  const latency = quantilesOf(ok)
  return {
    acknowledged: ok.length,
    failed: fail,
    unknown: info + open,
    ...(latency !== undefined && {
      latencyMs: {
        median: rounded(latency.median),
        p99: rounded(latency.p99),
        greatest: rounded(latency.greatest),
      },
    }),
  }
}

/** To microseconds. */
const rounded = (milliseconds: number): number => Math.round(milliseconds * 1_000) / 1_000

/** What the nemesis did, as the history tells it, in the order in which it began. */
export function faultSpans(events: readonly HistoryEvent[]): readonly FaultSpan[] {
  const spans: FaultSpan[] = []
  const open = new Map<FaultKind, number>()
  for (const { process, f, value, error, timeNs = 0 } of events) {
    if (process !== 'nemesis') continue
    const kind = faultKinds.find((known) => f === `begin-${known}` || f === `end-${known}`)
    if (kind === undefined) continue
    const failure = error === undefined ? {} : { error: String(error) }
    if (f.startsWith('begin-')) {
      open.set(kind, spans.length)
      spans.push({ kind, described: String(value), beginMs: rounded(timeNs / 1e6), ...failure })
      continue
    }
    const at = open.get(kind)
    if (at === undefined) continue
    spans[at] = { ...spans[at]!, endMs: rounded(timeNs / 1e6), ...failure }
    open.delete(kind)
  }
  return spans
}
