import { Worker } from 'node:worker_threads'

export interface ThreadsOptions<Job, Answer> {
  /** How many at most: each is started for the first job that no other takes. */
  readonly threads: number
  /** The next job; undefined when there is none now. Asked again after each answer, which may bring new ones. */
  readonly next: () => Job | undefined
  /** False to stop: what is under way in other threads is left. */
  readonly onAnswer: (answer: Answer) => boolean
  /** Handed to each thread as it starts, as `workerData`. */
  readonly data?: unknown
  readonly signal?: AbortSignal | undefined
}

/**
 * Hands jobs to threads of one program, one job at a time each; answers come as they are ready, in any order.
 *
 * ```ts
 * await runOnThreads(new URL(`./seed-worker${extname(import.meta.url)}`, import.meta.url), {
 *   threads: 2,
 *   next: () => waiting.shift(),
 *   onAnswer: (report) => keep(report),
 * })
 * ```
 *
 * Ends when all jobs are answered, when `onAnswer` says false, or when `signal` fires. Rejects when a thread fails.
 */
export function runOnThreads<Job, Answer>(
  program: URL,
  { threads, next, onAnswer, data, signal }: ThreadsOptions<Job, Answer>,
): Promise<void> {
  const started: Worker[] = []
  const idle: Worker[] = []
  return new Promise<void>((resolve, reject) => {
    let isEnded = false
    const end = (): void => {
      isEnded = true
      resolve()
    }
    const start = (): Worker => {
      const thread = new Worker(program, { workerData: data })
      started.push(thread)
      thread.on('error', reject)
      thread.on('message', (answer: Answer) => {
        if (isEnded) return
        if (!onAnswer(answer)) return end()
        idle.push(thread)
        handOut()
      })
      return thread
    }
    const handOut = (): void => {
      while (!isEnded && (idle.length > 0 || started.length < threads)) {
        const job = next()
        if (job === undefined) break
        const thread = idle.pop() ?? start()
        thread.postMessage(job)
      }
      if (idle.length === started.length) end()
    }
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) return end()
    handOut()
  }).finally(() => Promise.all(started.map((thread) => thread.terminate())))
}
