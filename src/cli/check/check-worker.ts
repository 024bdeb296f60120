import { parentPort, workerData } from 'node:worker_threads'
import { DureError } from '../../foundation/errors.ts'
import { readHistory } from '../../proof/files/read-history.ts'
import { nameCheck } from '../../proof/verify/catalogue/named-check.ts'
import { runNamedCheck } from '../../proof/verify/check-history.ts'
import type { CheckAnswer, CheckJob } from './check-job.ts'
import { checkLinearizableOnThreads } from './check-parts.ts'

// A thread with one job: a history in, its verdict out.
const job = workerData as CheckJob
parentPort!.postMessage((await answer(job)) satisfies CheckAnswer)

async function answer({ input, format, request, limits, threads }: CheckJob): Promise<CheckAnswer> {
  const beganMs = performance.now()
  try {
    const { source, bytes } = input
    const history = readHistory(bytes === undefined ? source : [bytes], format && { format })
    const check = nameCheck(request, history)
    const result =
      check.family === 'linearizability' && threads > 1
        ? await checkLinearizableOnThreads(history, check, limits, { threads })
        : runNamedCheck(history, check, {
            steps: Number.POSITIVE_INFINITY,
            memoryBytes: limits.memoryBytes,
            isOver: () => Date.now() > limits.deadlineMs,
          })
    const checked = {
      source,
      history: { origin: history.origin, events: history.events.length },
      model: check.name,
      consistency: check.consistency,
      result,
      tookMs: performance.now() - beganMs,
    }
    return { kind: 'checked', checked }
  } catch (error) {
    if (error instanceof DureError) return { kind: 'refused', code: error.code, message: error.message }
    throw error
  }
}
