import { parentPort } from 'node:worker_threads'
import { runSeed, runWorkloadSeed, type SeedReport } from '../../proof/simulation/run-seed.ts'
import type { ScenarioOptions } from '../../proof/simulation/scenario-options.ts'
import { workloadNamed } from '../../proof/workloads/catalogue.ts'

export interface SeedJob {
  readonly seed: number
  readonly options: ScenarioOptions
}

// A thread of the pool: a seed in, its report out.
parentPort?.on('message', (job: SeedJob) => {
  void run(job).then((report) => parentPort?.postMessage(report))
})

async function run({ seed, options }: SeedJob): Promise<SeedReport> {
  if (options.workload === undefined) return runSeed(seed, options)
  return runWorkloadSeed(seed, options, workloadNamed(options.workload))
}
