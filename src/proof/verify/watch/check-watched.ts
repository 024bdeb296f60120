import type { HistoryValue } from '../history/event.ts'
import { pairEvents } from '../history/pair-events.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import type { RecordedOperation } from '../history/recorded-operation.ts'
import { formatValue } from '../history/value/format-value.ts'
import { valueKey } from '../history/value/value-key.ts'
import type { Anomaly, CheckResult } from '../verdict/verdict.ts'

export interface WatchedResult extends CheckResult {
  readonly statistics: WatchedStatistics
}

export interface WatchedStatistics {
  readonly watchers: number
  /** Changes that watchers were shown, all of them together. */
  readonly shown: number
  /** Writes that were acknowledged. */
  readonly acknowledged: number
}

/** `[name, value, version]`, as the store told it. */
interface Shown {
  /** The same for the same change. */
  readonly change: string
  /** The same for the write that made it. */
  readonly written: string
  /** The call of the watch that showed it. */
  readonly by: number
}

/** What a watcher was shown without a break: by one watch after the other, each from where the last one ended. */
interface Run {
  readonly watcher: string
  /** Everything that was called after this event must be in it: -1 for a run from the start, where all watchers began. */
  readonly after: number
  readonly shown: Shown[]
}

/**
 * Whether watches showed every change, in one order, each once.
 *
 * ```ts
 * checkWatched(history)
 * // { f: 'write', value: ['a', 1] } answers ['a', 1, version]
 * // { f: 'watch', key: watcher } answers [['a', 1, version], …]
 * // { f: 'last', value: ['z', 0] } is a write after all others; again, when a watcher began after it
 * ```
 *
 * All watchers begin at one place, and each watch goes on where the last one of its watcher ended; after one that failed as
 * `compacted` its watcher begins anew, from a place it took in that call. Whatever one watcher saw follow a change, every
 * other saw follow it; and who was shown a last write was shown all that had been acknowledged before it, of what was
 * called since its watcher began. Values are written once.
 */
export function checkWatched(history: RecordedHistory): WatchedResult {
  const operations = pairEvents(history)
  const writes = operations.filter(({ f }) => f === 'write' || f === 'last')
  const lasts = writes.filter(({ f, outcome }) => f === 'last' && outcome === 'ok')
  const runs = runsOf(operations)
  const whole = runs.flatMap((run) => {
    const last = lasts.findLast((write) => placeOf(write, run) !== -1)
    return last === undefined ? [] : [{ run, last }]
  })
  const anomalies: Anomaly[] = [
    ...runs.flatMap(repetitions),
    ...disagreements(runs),
    ...inventions(runs, writes),
    ...whole.flatMap(({ run, last }) => omissions(run, writes, last)),
  ]
  const statistics = {
    watchers: new Set(runs.map(({ watcher }) => watcher)).size,
    shown: runs.reduce((sum, { shown }) => sum + shown.length, 0),
    acknowledged: writes.filter(({ outcome }) => outcome === 'ok').length,
  }
  const verdict = anomalies.length > 0 ? 'invalid' : whole.length > 0 ? 'valid' : 'unknown'
  return {
    verdict,
    summary: summaryOf(verdict, anomalies, statistics),
    anomalies,
    spent: { steps: operations.length + statistics.shown, memoryBytes: 300 * statistics.shown },
    statistics,
  }
}

function summaryOf(
  verdict: CheckResult['verdict'],
  anomalies: readonly Anomaly[],
  { watchers, shown }: WatchedStatistics,
): string {
  switch (verdict) {
    case 'valid':
      return `${watchers} watchers were shown ${shown} changes, in one order, each once.`
    case 'invalid':
      return `The watches are wrong in ${anomalies.length === 1 ? 'one place' : `${anomalies.length} places`}. ${anomalies[0]!.explanation}`
    case 'unknown':
      return 'Nothing can be said of the watches: no watcher was shown a last write.'
  }
}

function runsOf(operations: readonly RecordedOperation[]): Run[] {
  const runs: Run[] = []
  const current = new Map<string, Run>()
  const begin = (watcher: string, after: number): Run => {
    const run: Run = { watcher, after, shown: [] }
    current.set(watcher, run)
    runs.push(run)
    return run
  }
  for (const { f, key, outcome, answer, error, call, return: returned } of operations) {
    if (f !== 'watch') continue
    const watcher = formatValue(key ?? null)
    // What a watch that broke has shown is not known, and its watcher goes on from the place before it.
    if (outcome === 'failed' && error === 'compacted') begin(watcher, returned!)
    if (outcome !== 'ok') continue
    const run = current.get(watcher) ?? begin(watcher, -1)
    for (const change of answer as readonly (readonly HistoryValue[])[]) {
      run.shown.push({ change: valueKey(change), written: valueKey(change.slice(0, 2)), by: call })
    }
  }
  return runs
}

function repetitions({ watcher, shown }: Run): Anomaly[] {
  const seen = new Map<string, number>()
  const anomalies: Anomaly[] = []
  for (const { change, by } of shown) {
    const before = seen.get(change)
    if (before === undefined) seen.set(change, by)
    else {
      anomalies.push({
        name: 'repeated-change',
        explanation: `Operation ${before} showed ${change} to watcher ${watcher}, and operation ${by} showed it again.`,
        events: [before, by],
      })
    }
  }
  return anomalies
}

/** What follows a change is the same for all who were shown it; or one of them has a gap, or another order. */
function disagreements(runs: readonly Run[]): Anomaly[] {
  const next = new Map<string, Shown & { readonly watcher: string }>()
  const anomalies: Anomaly[] = []
  for (const { watcher, after, shown } of runs) {
    let before = after === -1 ? 'the start' : undefined
    for (const found of shown) {
      const other = before === undefined ? undefined : next.get(before)
      if (before !== undefined && other === undefined) next.set(before, { ...found, watcher })
      if (other !== undefined && other.change !== found.change) {
        anomalies.push({
          name: 'watchers-disagree',
          explanation: `After ${before} operation ${other.by} showed ${other.change} to watcher ${other.watcher}, and operation ${found.by} showed ${found.change} to watcher ${watcher}.`,
          events: [other.by, found.by],
        })
        // All that follows is off too.
        break
      }
      before = found.change
    }
  }
  return anomalies
}

function inventions(runs: readonly Run[], writes: readonly RecordedOperation[]): Anomaly[] {
  const writers = new Map(writes.map((write) => [valueKey(write.value), write]))
  const told = new Set<string>()
  const anomalies: Anomaly[] = []
  for (const { watcher, shown } of runs) {
    for (const { change, written, by } of shown) {
      const writer = writers.get(written)
      if ((writer !== undefined && writer.outcome !== 'failed') || told.has(change)) continue
      told.add(change)
      anomalies.push(
        writer === undefined
          ? {
              name: 'unwritten-change',
              explanation: `Operation ${by} showed ${change} to watcher ${watcher}, and nobody wrote that.`,
              events: [by],
            }
          : {
              name: 'failed-change',
              explanation: `Operation ${writer.call} failed, and operation ${by} showed what it wrote, ${change}, to watcher ${watcher}.`,
              events: [writer.call, by],
            },
      )
    }
  }
  return anomalies
}

function omissions(run: Run, writes: readonly RecordedOperation[], last: RecordedOperation): Anomaly[] {
  const shown = new Set(run.shown.slice(0, placeOf(last, run)).map(({ change }) => change))
  return writes
    .filter(
      ({ outcome, answer, call, return: returned }) =>
        outcome === 'ok' && call > run.after && returned! < last.call && !shown.has(valueKey(answer!)),
    )
    .map(({ call, answer }) => ({
      name: 'missed-change',
      explanation: `Operation ${call} wrote ${formatValue(answer)} and was acknowledged; watcher ${run.watcher} was shown what came after it, and never this.`,
      events: [call],
    }))
}

const placeOf = (write: RecordedOperation, { shown }: Run): number => {
  const written = valueKey(write.value)
  return shown.findIndex((found) => found.written === written)
}
