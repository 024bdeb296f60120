import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

/** The program of a thread, beside the file that names it: TypeScript in the checkout, JavaScript in the package. */
export function threadProgram(name: string, besideUrl: string): URL {
  return new URL(`./${name}${extname(besideUrl)}`, besideUrl)
}

/**
 * Hands jobs to threads of one program, one job at a time each; answers come as they are ready, in any order.
 *
 * ```ts
 * await runOnThreads(threadProgram('seed-worker', import.meta.url), jobs, {
 *   threads: 2,
 *   onAnswer: (report) => { keep(report); return true },
 * })
 * ```
 *
 * Ends when all jobs are answered, when `onAnswer` said false and what is under way is answered, or at once when `signal`
 * fires. Rejects when a thread fails.
 */
export async function runOnThreads<Job, Answer>(
  program: URL,
  jobs: Iterable<Job>,
  {
    threads,
    signal,
    onAnswer,
  }: {
    readonly threads: number
    readonly signal?: AbortSignal | undefined
    readonly onAnswer: (answer: Answer) => boolean
  },
): Promise<void> {
  const waiting = jobs[Symbol.iterator]()
  let isStopped = false
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(program)
      const end = (): void => {
        signal?.removeEventListener('abort', end)
        void thread.terminate().then(() => resolve())
      }
      const next = (): void => {
        const { done, value: job } = isStopped ? { done: true as const, value: undefined } : waiting.next()
        if (done) return end()
        thread.postMessage(job)
      }
      if (signal?.aborted) return end()
      signal?.addEventListener('abort', end, { once: true })
      thread.on('error', (error) => {
        isStopped = true
        reject(error)
      })
      thread.on('message', (answer: Answer) => {
        if (!onAnswer(answer)) isStopped = true
        next()
      })
      next()
    })
  await Promise.all(Array.from({ length: threads }, work))
}
