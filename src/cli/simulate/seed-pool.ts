import { availableParallelism } from 'node:os'
import type { SeedReport } from '../../proof/simulation/run-seed.ts'
import type { ScenarioOptions } from '../../proof/simulation/scenario.ts'
import { runOnThreads, threadProgram } from '../threads/run-on-threads.ts'
import type { SeedJob } from './seed-worker.ts'

/**
 * Runs seeds on all cores; reports come as they end, in any order. Every seed is a world of its own, so threads change
 * nothing but the time it takes.
 */
export function runSeeds(
  seeds: Iterable<number>,
  options: ScenarioOptions,
  {
    jobs = availableParallelism(),
    signal,
    onReport,
  }: {
    readonly jobs?: number
    readonly signal?: AbortSignal
    readonly onReport: (report: SeedReport) => boolean
  },
): Promise<void> {
  return runOnThreads<SeedJob, SeedReport>(
    threadProgram('seed-worker', import.meta.url),
    jobsOf(seeds, options),
    { threads: jobs, signal, onAnswer: onReport },
  )
}

function* jobsOf(seeds: Iterable<number>, options: ScenarioOptions): Iterable<SeedJob> {
  for (const seed of seeds) yield { seed, options }
}
