import type { FaultKind } from '../../proof/chaos/nemesis/cluster-under-test.ts'
import type { Workload } from '../../proof/workloads/workload.ts'
import type { EngineName } from './engines/tested-engine.ts'

/** One run, as a person asked for it. */
export interface TestPlan {
  readonly name: string
  readonly workload: Workload
  readonly engine: EngineName
  readonly endpoints?: readonly string[]
  readonly nodes: number
  readonly workers: number
  /** Calls a second, of all workers together. */
  readonly ratePerSecond: number
  readonly timeLimitMs: number
  /** Of one call. */
  readonly timeoutMs: number
  readonly faultKinds: readonly FaultKind[]
  readonly faultIntervalMs: number
  readonly seed: number
  /** Where runs are recorded. */
  readonly store: string
}

/** A line to paste that asks for the same: the same load and the same faults, at times that no two runs share. */
export function replayCommand(plan: TestPlan): string {
  const { workload, engine, endpoints, faultKinds, store } = plan
  const words: readonly (readonly [name: string, value: string | number, isUsual: boolean])[] = [
    ['--workload', workload.name, false],
    ['--engine', engine, engine === 'embedded'],
    ['--endpoints', endpoints?.join(',') ?? '', endpoints === undefined],
    ['--nodes', plan.nodes, endpoints !== undefined],
    ['--time-limit', plan.timeLimitMs / 1_000, false],
    ['--rate', plan.ratePerSecond, plan.ratePerSecond === defaults.ratePerSecond],
    ['--concurrency', plan.workers, plan.workers === defaults.workers],
    ['--timeout-ms', plan.timeoutMs, plan.timeoutMs === defaults.timeoutMs],
    ['--nemesis', faultKinds.length === 0 ? 'none' : faultKinds.join(','), false],
    [
      '--nemesis-interval',
      plan.faultIntervalMs / 1_000,
      faultKinds.length === 0 || plan.faultIntervalMs === usualFaultIntervalMs(plan.timeLimitMs),
    ],
    ['--seed', plan.seed, false],
    ['--name', plan.name, plan.name === usualName(workload, engine)],
    ['--store', store, store === defaults.store],
  ]
  const said = words.flatMap(([name, value, isUsual]) => (isUsual ? [] : [`${name} ${value}`]))
  return `dure test ${said.join(' ')}`
}

export const usualName = (workload: Workload, engine: EngineName): string => `${workload.name}-${engine}`

/** A short run has short faults: each kind must have struck, and be over, before its end. */
export const usualFaultIntervalMs = (timeLimitMs: number): number =>
  Math.min(defaults.faultIntervalMs, timeLimitMs / INTERVALS_PER_RUN)

const INTERVALS_PER_RUN = 5

export const defaults = {
  nodes: 5,
  workers: 10,
  ratePerSecond: 100,
  timeLimitMs: 60_000,
  timeoutMs: 5_000,
  faultKinds: ['kill', 'pause', 'partition'] as readonly FaultKind[],
  faultIntervalMs: 5_000,
  store: 'store',
} as const
