import { parentPort, workerData } from 'node:worker_threads'
import { checkPart } from '../../proof/verify/linearizability/check-linearizable.ts'
import type { PartResult } from '../../proof/verify/linearizability/linearizability-result.ts'
import type { ModelOptions } from '../../proof/verify/linearizability/models/library-model.ts'
import { modelNamed } from '../../proof/verify/linearizability/models/models.ts'
import type { Part } from '../../proof/verify/linearizability/split-history.ts'
import type { CheckLimits } from './check-job.ts'

/** What a thread is started with. */
export interface ModelForParts extends CheckLimits {
  readonly name: string
  readonly options: ModelOptions
}

export interface PartsJob {
  readonly job: number
  readonly parts: readonly Part<unknown, unknown>[]
  /** For each of them. */
  readonly steps: number
}

/** One result for each part, in their order; none for those after one that is invalid. */
export interface PartsAnswer {
  readonly job: number
  readonly results: readonly PartResult[]
}

// A thread of the pool: parts of a history in, what came of each out.
const { name, options, memoryBytes, deadlineMs } = workerData as ModelForParts
const model = modelNamed(name, options)!
parentPort!.on('message', ({ job, parts, steps }: PartsJob) => {
  const results: PartResult[] = []
  for (const part of parts) {
    results.push(checkPart(part, model, { steps, memoryBytes, isOver: () => Date.now() > deadlineMs }))
    if (results.at(-1)!.verdict === 'invalid') break
  }
  parentPort!.postMessage({ job, results } satisfies PartsAnswer)
})
