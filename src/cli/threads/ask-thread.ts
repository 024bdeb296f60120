import { Worker } from 'node:worker_threads'
import { DureError } from '../../foundation/errors.ts'
import type { CheckResult } from '../../proof/verify/verdict/verdict.ts'

/** A history in memory takes a multiple of its text: so much for each byte of it, and for what Node itself takes. */
const BYTES_PER_TEXT_BYTE = 24
const OWN_BYTES = 256 << 20
const MIB = 1 << 20
/** A checker that keeps to its budget by itself gets so long for its witness. */
const GRACE_MS = 10_000

export interface Question {
  /** What the thread runs. */
  readonly worker: URL
  readonly job: unknown
  /** Memory in the job that changes hands. */
  readonly transfer?: readonly ArrayBuffer[]
  readonly limits: { readonly memoryBytes: number; readonly deadlineMs: number }
  /** Of the history as text. */
  readonly textBytes: number
  /** What stands for an answer when the thread outgrew its memory or its time. */
  readonly spent: (result: CheckResult, what: 'time' | 'memory') => unknown
  readonly graceMs?: number
}

/**
 * Puts one question about a history to a thread, so that Ctrl-C is heard and time goes on meanwhile. Resolves with the
 * first message that the thread sends, or with what `spent` makes of the verdict `unknown`. Errors: `aborted` when
 * `signal` fires.
 *
 * A checker keeps to its budget by itself where it searches. A thread that outgrows its memory all the same ends alone,
 * and one that goes on long after its deadline is ended.
 */
export function askThread<Answer>(question: Question, signal: AbortSignal): Promise<Answer> {
  const { worker, job, transfer = [], limits, textBytes, spent, graceMs = GRACE_MS } = question
  const heapBytes = OWN_BYTES + limits.memoryBytes + BYTES_PER_TEXT_BYTE * textBytes
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(interrupted())
    const thread = new Worker(worker, {
      workerData: job,
      transferList: [...transfer],
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapBytes / MIB) },
    })
    const unknown = (what: 'time' | 'memory', summary: string, memoryBytes: number): void => {
      const result = { verdict: 'unknown', summary, anomalies: [], spent: { steps: 0, memoryBytes } } as const
      resolve(spent(result, what) as Answer)
    }
    const interrupt = (): void => {
      void thread.terminate()
      reject(interrupted())
    }
    const overdue = setTimeout(
      () => {
        void thread.terminate()
        unknown('time', 'The time was spent before there was an answer.', 0)
      },
      Math.max(0, limits.deadlineMs - Date.now()) + graceMs,
    )
    signal.addEventListener('abort', interrupt, { once: true })
    thread.on('message', resolve)
    thread.on('error', (error) => {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return reject(error)
      const held = `the history and its check took more than ${Math.floor(heapBytes / MIB)} MiB`
      unknown('memory', `The memory was spent before there was an answer: ${held}.`, heapBytes)
    })
    thread.on('exit', () => {
      clearTimeout(overdue)
      signal.removeEventListener('abort', interrupt)
      reject(new Error('the thread that was asked ended without an answer'))
    })
  })
}

const interrupted = (): DureError =>
  new DureError('aborted', 'interrupted: the history was not decided', { outcome: 'unknown' })
