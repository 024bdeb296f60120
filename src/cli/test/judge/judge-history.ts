import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { DureError } from '../../../foundation/errors.ts'
import type { CheckResult } from '../../../proof/verify/verdict/verdict.ts'
import type { JudgeAnswer, JudgeJob } from './judge-job.ts'

/** TypeScript in the checkout, JavaScript in the package. */
const worker = new URL(`./judge-worker${extname(import.meta.url)}`, import.meta.url)
const TIME_LIMIT_MS = 300_000
const MEMORY_BYTES = 1 << 30
/** A history in memory takes a multiple of its text: so much for each byte of it, and for what Node itself takes. */
const BYTES_PER_TEXT_BYTE = 24
const OWN_BYTES = 256 << 20
const MIB = 1 << 20

/**
 * Judges a recorded history in a thread, so that Ctrl-C is heard and time goes on meanwhile. It is read from its file, so
 * that the verdict is of what was recorded. Errors: `invalid` for one that cannot be read; `aborted` when `signal` fires.
 *
 * A thread that outgrows its memory ends alone, and the answer is `unknown`.
 */
export function judgeHistory(path: string, workload: string, signal: AbortSignal): Promise<CheckResult> {
  const job: JudgeJob = {
    path,
    workload,
    memoryBytes: MEMORY_BYTES,
    deadlineMs: Date.now() + TIME_LIMIT_MS,
  }
  const heapBytes = OWN_BYTES + MEMORY_BYTES + BYTES_PER_TEXT_BYTE * sizeOf(path)
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
    thread.on('message', (answer: JudgeAnswer) => {
      if (answer.kind === 'judged') resolve(answer.result)
      else reject(new DureError(answer.code, answer.message))
    })
    thread.on('error', (error) => {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return reject(error)
      const summary = `The history and its check took more than ${Math.floor(heapBytes / MIB)} MiB: it was not decided.`
      const spent = { steps: 0, memoryBytes: heapBytes }
      resolve({ verdict: 'unknown', summary, anomalies: [], spent })
    })
    thread.on('exit', () => {
      signal.removeEventListener('abort', interrupt)
      reject(new Error('the thread that judged the history ended without an answer'))
    })
  })
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch (cause) {
    const advice = 'name the directory of a run, for example store/latest'
    throw new DureError('invalid', `there is no history ${path}: ${advice}`, { cause })
  }
}
