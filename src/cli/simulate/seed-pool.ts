import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import type { SeedReport } from '../../proof/simulation/run-seed.ts'
import type { ScenarioOptions } from '../../proof/simulation/scenario-options.ts'
import { runOnThreads } from '../threads/run-on-threads.ts'
import type { SeedJob } from './seed-worker.ts'

/** TypeScript in the checkout, JavaScript in the package. */
const worker = new URL(`./seed-worker${extname(import.meta.url)}`, import.meta.url)

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
    readonly onReport: (report: SeedReport) => void
  },
): Promise<void> {
  const waiting = seeds[Symbol.iterator]()
  return runOnThreads<SeedJob, SeedReport>(worker, {
    threads: jobs,
    next: () => {
      const { done, value: seed } = waiting.next()
      return done ? undefined : { seed, options }
    },
    onAnswer: (report) => {
      onReport(report)
      return true
    },
    signal,
  })
}
