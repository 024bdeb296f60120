import { parentPort, workerData } from 'node:worker_threads'
import { DureError } from '../../../foundation/errors.ts'
import { readHistory } from '../../../proof/files/read-history.ts'
import { workloadNamed } from '../../../proof/workloads/catalogue.ts'
import type { JudgeAnswer, JudgeJob } from './judge-job.ts'

function judge({ path, workload, memoryBytes, deadlineMs }: JudgeJob): JudgeAnswer {
  try {
    const history = readHistory(path)
    // What a plan checks depends on neither: they shape its load.
    const plan = workloadNamed(workload).plan({ workers: 1, prefix: '' })
    const isOver = () => Date.now() > deadlineMs
    return {
      kind: 'judged',
      result: plan.check(history, { steps: Number.POSITIVE_INFINITY, memoryBytes, isOver }),
    }
  } catch (error) {
    if (error instanceof DureError) return { kind: 'refused', code: error.code, message: error.message }
    throw error
  }
}

// A thread with one job: a history in, its verdict out.
parentPort!.postMessage(judge(workerData as JudgeJob))
