import { type Quantiles, quantilesOf } from '../../verify/checks/quantiles.ts'
import { pairEvents } from '../../verify/history/pair-events.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'

export interface OperationCounts {
  readonly count: number
  readonly ok: number
  /** It did not happen. */
  readonly fail: number
  /** Nobody knows whether it did. */
  readonly info: number
}

export interface FunctionStatistics extends OperationCounts {
  /** Of those that were acknowledged. */
  readonly latencyMs: Quantiles | undefined
}

export interface OperationStatistics extends OperationCounts {
  readonly byFunction: Readonly<Record<string, FunctionStatistics>>
}

/** How many calls of each function ended how, and how long they took. */
export function operationStatistics(history: RecordedHistory): OperationStatistics {
  const functions = new Map<string, { ok: number; fail: number; info: number; latenciesMs: number[] }>()
  for (const { process, f, outcome, callTimeNs, returnTimeNs } of pairEvents(history)) {
    if (typeof process !== 'number') continue
    let counts = functions.get(f)
    if (counts === undefined) {
      counts = { ok: 0, fail: 0, info: 0, latenciesMs: [] }
      functions.set(f, counts)
    }
    counts[outcome === 'ok' ? 'ok' : outcome === 'failed' ? 'fail' : 'info']++
    if (outcome === 'ok' && callTimeNs !== undefined && returnTimeNs !== undefined)
      counts.latenciesMs.push((returnTimeNs - callTimeNs) / 1e6)
  }
  const byFunction: Record<string, FunctionStatistics> = {}
  const all = { count: 0, ok: 0, fail: 0, info: 0 }
  for (const [f, { ok, fail, info, latenciesMs }] of [...functions].sort(([left], [right]) =>
    left < right ? -1 : 1,
  )) {
    const count = ok + fail + info
    byFunction[f] = { count, ok, fail, info, latencyMs: quantilesOf(latenciesMs) }
    all.count += count
    all.ok += ok
    all.fail += fail
    all.info += info
  }
  return { ...all, byFunction }
}
