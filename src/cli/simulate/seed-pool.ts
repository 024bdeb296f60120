import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { SeedReport } from '../../proof/simulation/run-seed.ts'
import type { ScenarioOptions } from '../../proof/simulation/scenario.ts'
import type { SeedJob } from './seed-worker.ts'

const worker = new URL(`./seed-worker${extname(import.meta.url)}`, import.meta.url)

/**
 * Runs seeds on all cores; reports come as they end, in any order. Every seed is a world of its own, so threads change
 * nothing but the time it takes.
 */
export async function runSeeds(
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
  const waiting = seeds[Symbol.iterator]()
  let isStopped = false
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(worker)
      const end = (): void => void thread.terminate().then(() => resolve())
      const next = (): void => {
        const { done, value: seed } = isStopped ? { done: true, value: 0 } : waiting.next()
        if (done) return end()
        thread.postMessage({ seed: seed as number, options } satisfies SeedJob)
      }
      signal?.addEventListener('abort', end, { once: true })
      thread.on('error', reject)
      thread.on('message', (report: SeedReport) => {
        if (!onReport(report)) isStopped = true
        next()
      })
      next()
    })
  await Promise.all(Array.from({ length: jobs }, work))
}
