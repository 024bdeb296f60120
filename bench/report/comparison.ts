import type { LoadResult } from '../load/load.ts'
import { type Column, formatNumber, formatTable } from './table.ts'

/** What each contender made of one kind of call at one number in flight. */
export interface Comparison {
  readonly operation: 'put' | 'get'
  readonly inFlight: number
  /** By contender. */
  readonly results: { readonly [contender: string]: LoadResult }
}

/** How many times etcd's throughput Dure is to reach, by calls in flight. */
const GOALS: { readonly [operation in Comparison['operation']]: ReadonlyMap<number, number> } = {
  put: new Map([
    [1, 1.3],
    [256, 3],
    [1_000, 3],
  ]),
  get: new Map([
    [1, 2],
    [256, 5],
    [1_000, 5],
  ]),
}

const NAMES = { put: 'write', get: 'strong read' } as const

/** Each contender has its line; the ratios of Dure to etcd follow when both were measured. */
export function formatComparison(comparisons: readonly Comparison[]): string {
  const both = comparisons.filter(({ results }) => results.etcd !== undefined && results.dure !== undefined)
  const parts = [formatResults(comparisons)]
  if (both.length > 0) parts.push(formatRatios(both))
  const errors = comparisons.flatMap(({ operation, inFlight, results }) =>
    Object.entries(results)
      .filter(([, result]) => result.errors > 0)
      .map(
        ([name, result]) =>
          `${name}, ${NAMES[operation]} × ${inFlight}: ${result.errors} calls ended with an error, the first: ${result.firstError}`,
      ),
  )
  if (errors.length > 0) parts.push(errors.join('\n'))
  return parts.join('\n\n')
}

function formatResults(comparisons: readonly Comparison[]): string {
  const columns: Column[] = [
    { title: 'call', align: 'left' },
    { title: 'in flight', align: 'right' },
    { title: 'store', align: 'left' },
    { title: 'per second', align: 'right' },
    { title: 'p50 ms', align: 'right' },
    { title: 'p99 ms', align: 'right' },
    { title: 'client µs/call', align: 'right' },
    { title: 'servers µs/call', align: 'right' },
    { title: 'client cores', align: 'right' },
    { title: 'server cores', align: 'right' },
  ]
  const rows = comparisons.flatMap(({ operation, inFlight, results }) =>
    Object.entries(results).map(([name, result]) => [
      NAMES[operation],
      formatNumber(inFlight),
      name,
      formatNumber(result.operationsPerSecond),
      formatNumber(result.p50Ms),
      formatNumber(result.p99Ms),
      formatNumber(result.clientCpuMicrosecondsPerOperation),
      formatUnlessUnknown(result.serverCpuMicrosecondsPerOperation),
      result.clientCores.toFixed(2),
      result.serverCores?.toFixed(2) ?? '–',
    ]),
  )
  return formatTable(columns, rows)
}

/** Ratios are Dure's figure over etcd's: above 1 is more throughput, below 1 is less waiting. */
function formatRatios(comparisons: readonly Comparison[]): string {
  const columns: Column[] = [
    { title: 'call', align: 'left' },
    { title: 'in flight', align: 'right' },
    { title: 'throughput', align: 'right' },
    { title: 'goal', align: 'right' },
    { title: 'p50', align: 'right' },
    { title: 'p99', align: 'right' },
    { title: 'client CPU', align: 'right' },
    { title: 'verdict', align: 'left' },
  ]
  const rows = comparisons.map(({ operation, inFlight, results }) => {
    const dure = results.dure!
    const etcd = results.etcd!
    const throughput = dure.operationsPerSecond / etcd.operationsPerSecond
    const goal = GOALS[operation].get(inFlight)
    const p99 = dure.p99Ms / etcd.p99Ms
    return [
      NAMES[operation],
      formatNumber(inFlight),
      times(throughput),
      goal === undefined ? '' : times(goal),
      times(dure.p50Ms / etcd.p50Ms),
      times(p99),
      times(dure.clientCpuMicrosecondsPerOperation / etcd.clientCpuMicrosecondsPerOperation),
      verdict(throughput, goal, p99),
    ]
  })
  return formatTable(columns, rows)
}

/** The latency goal is "p99 no worse anywhere". */
function verdict(throughput: number, goal: number | undefined, p99: number): string {
  const missed: string[] = []
  if (goal !== undefined && throughput < goal) missed.push('throughput')
  if (p99 > 1) missed.push('p99')
  return missed.length === 0 ? 'met' : `missed: ${missed.join(', ')}`
}

const times = (ratio: number): string => `${formatNumber(ratio)} ×`

const formatUnlessUnknown = (value: number | undefined): string =>
  value === undefined ? '–' : formatNumber(value)
