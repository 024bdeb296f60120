import { parentPort } from 'node:worker_threads'
import { runSeed } from '../../proof/simulation/run-seed.ts'
import type { ScenarioOptions } from '../../proof/simulation/scenario.ts'

export interface SeedJob {
  readonly seed: number
  readonly options: ScenarioOptions
}

// A thread of the pool: a seed in, its report out.
parentPort?.on('message', ({ seed, options }: SeedJob) => parentPort?.postMessage(runSeed(seed, options)))
