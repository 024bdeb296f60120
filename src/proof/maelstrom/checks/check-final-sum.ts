import { AnomalyList, conclude, counted } from '../../verify/checks/anomaly-list.ts'
import { operationsOf, spentOn } from '../../verify/checks/client-operations.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { CheckResult } from '../../verify/verdict/verdict.ts'
import type { PlanCheckOptions } from '../workloads/maelstrom-workload.ts'

export interface FinalSumResult extends CheckResult {
  readonly statistics: {
    readonly adds: number
    readonly unknownAdds: number
    /** Sums that a final read may tell, as ranges with both ends. */
    readonly acceptable: readonly (readonly [least: number, greatest: number])[]
    readonly finalReads: readonly number[]
  }
}

/**
 * Whether every final read of a counter tells the sum of all acknowledged additions, and of any of those whose outcome is
 * not known.
 *
 * ```ts
 * checkFinalSum(history, { finalFrom: 812 }).statistics.acceptable // [[40, 43], [45, 45]]
 * ```
 */
export function checkFinalSum(
  history: RecordedHistory,
  { finalFrom = Number.POSITIVE_INFINITY }: PlanCheckOptions,
): FinalSumResult {
  const operations = operationsOf(history, ['add', 'read'])
  const adds = operations.filter(({ f, outcome }) => f === 'add' && outcome !== 'failed')
  const deltaOf = ({ value }: (typeof adds)[number]): number => Number(value)
  const certain = adds.filter(({ outcome }) => outcome === 'ok').map(deltaOf)
  const open = adds.filter(({ outcome }) => outcome === 'unknown').map(deltaOf)
  const acceptable = sumsOf(
    certain.reduce((sum, delta) => sum + delta, 0),
    open,
  )
  const reads = operations.filter(
    ({ f, outcome, call }) => f === 'read' && outcome === 'ok' && call >= finalFrom,
  )
  const anomalies = new AnomalyList(['wrong-sum'], {})
  for (const { answer, call, process } of reads) {
    const sum = answer as number
    if (acceptable.some(([least, greatest]) => least <= sum && sum <= greatest)) continue
    anomalies.add('wrong-sum', () => ({
      explanation: `The final read of process ${process}, operation ${call}, told ${sum}. The additions make ${rangesInWords(acceptable)}.`,
      events: [call],
    }))
  }
  return {
    ...conclude(anomalies, {
      subject: 'The counter',
      unknown:
        reads.length === 0 ? 'Nothing can be said of the counter: no final read was answered.' : undefined,
      valid: `${counted(reads.length, 'final read')} told a sum that ${counted(adds.length, 'addition')} make: ${rangesInWords(acceptable)}.`,
      spent: spentOn(operations.length, acceptable.length),
    }),
    statistics: {
      adds: adds.length,
      unknownAdds: open.length,
      acceptable,
      finalReads: reads.map(({ answer }) => answer as number),
    },
  }
}

type Range = readonly [least: number, greatest: number]

/** Every sum that any choice of them makes. */
function sumsOf(certain: number, open: readonly number[]): readonly Range[] {
  let ranges: readonly Range[] = [[certain, certain]]
  for (const delta of open) {
    if (delta === 0) continue
    ranges = merged([
      ...ranges,
      ...ranges.map(([least, greatest]): Range => [least + delta, greatest + delta]),
    ])
  }
  return ranges
}

function merged(ranges: readonly Range[]): Range[] {
  const kept: [number, number][] = []
  for (const [least, greatest] of [...ranges].sort(([left], [right]) => left - right)) {
    const last = kept.at(-1)
    if (last !== undefined && least <= last[1] + 1) last[1] = Math.max(last[1], greatest)
    else kept.push([least, greatest])
  }
  return kept
}

const rangesInWords = (ranges: readonly Range[]): string =>
  ranges
    .map(([least, greatest]) => (least === greatest ? String(least) : `${least} … ${greatest}`))
    .join(' or ')
