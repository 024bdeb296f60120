import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { DureError } from '../../foundation/errors.ts'
import type { CheckAnswer, CheckJob } from './check-job.ts'
import type { CheckedHistory } from './checked-history.ts'

/** TypeScript in the checkout, JavaScript in the package. */
const worker = new URL(`./check-worker${extname(import.meta.url)}`, import.meta.url)
/** A history in memory takes a multiple of its text: so much for each byte of it, and for what Node itself takes. */
const BYTES_PER_TEXT_BYTE = 24
const OWN_BYTES = 256 << 20
const MIB = 1 << 20

/**
 * Reads and checks a history in a thread, so that Ctrl-C is heard and time goes on while it is checked. Errors: `invalid`
 * for a history that cannot be read; `aborted` when `signal` fires.
 *
 * The checker keeps to its budget by itself. A thread that outgrows its memory all the same ends alone, and the answer is
 * `unknown`.
 */
export function runCheck(job: CheckJob, signal: AbortSignal): Promise<CheckedHistory> {
  const heapBytes = OWN_BYTES + job.limits.memoryBytes + BYTES_PER_TEXT_BYTE * job.input.sizeBytes
  const beganMs = performance.now()
  return new Promise((resolve, reject) => {
    const thread = new Worker(worker, {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytes / MIB) },
    })
    const interrupt = (): void => {
      void thread.terminate()
      reject(new DureError('aborted', 'interrupted: the history was not decided', { outcome: 'unknown' }))
    }
    if (signal.aborted) return interrupt()
    signal.addEventListener('abort', interrupt, { once: true })
    thread.on('message', (answer: CheckAnswer) => {
      if (answer.kind === 'checked') resolve(answer.checked)
      else reject(new DureError(answer.code, answer.message))
    })
    thread.on('error', (error) => {
      if (!isOutOfMemory(error)) return reject(error)
      resolve(outOfMemory(job, heapBytes, performance.now() - beganMs))
    })
    thread.on('exit', () => {
      signal.removeEventListener('abort', interrupt)
      reject(new Error('the thread that checked the history ended without an answer'))
    })
  })
}

const isOutOfMemory = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'

function outOfMemory(
  { input, request, limits }: CheckJob,
  heapBytes: number,
  tookMs: number,
): CheckedHistory {
  const held = `the history and its check took more than ${Math.floor(heapBytes / MIB)} MiB`
  const summary = `The memory was spent before there was an answer: ${held}. Allow more with --memory (${Math.ceil(limits.memoryBytes / MIB)} MiB now).`
  return {
    source: input.source,
    history: undefined,
    model: request.model,
    consistency: request.consistency,
    result: { verdict: 'unknown', summary, anomalies: [], spent: { steps: 0, memoryBytes: heapBytes } },
    tookMs,
  }
}
