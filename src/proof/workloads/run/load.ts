import { DureError } from '../../../foundation/errors.ts'
import type { Runtime, Timer } from '../../../runtime/runtime.ts'
import type { CallEnd, Generator, Request } from '../generator/generator.ts'
import type { WorkloadClient } from '../workload.ts'
import type { EventLog } from './event-log.ts'

export interface LoadOptions {
  readonly workers: number
  /** Of one call. */
  readonly timeoutMs: number
  /** The client of one worker. After an unknown outcome the worker goes on with another, under another process number. */
  readonly open: (worker: LoadWorker) => WorkloadClient
}

export interface LoadWorker {
  readonly worker: number
  /** Unique in the run. */
  readonly process: number
}

/**
 * Puts load on whatever its clients call: workers that draw from a generator, call, and write down what they saw.
 *
 * ```ts
 * const load = new Load(runtime, log, { workers: 10, timeoutMs: 5_000, open })
 * await load.run(timeLimit(60_000, stagger(10, plan.load)))
 * await load.run(plan.finalReads)
 * ```
 *
 * A worker whose call ends unknown goes on as a new process with a new client, as a client that crashed would: a process
 * has one call open at a time, and that one may still take effect.
 */
export class Load {
  readonly #runtime: Runtime
  readonly #log: EventLog
  readonly #options: LoadOptions
  readonly #workers: Worker[] = []
  #processes: number
  #open = 0
  #isStopped = false
  /** Of those that wait: what ends the wait at once. */
  readonly #waiting = new Set<() => void>()

  constructor(runtime: Runtime, log: EventLog, options: LoadOptions) {
    this.#runtime = runtime
    this.#log = log
    this.#options = options
    this.#processes = options.workers
    for (let worker = 0; worker < options.workers; worker++) {
      this.#workers.push({ worker, process: worker, client: undefined, last: undefined })
    }
  }

  /** Resolves when the generator is done for every worker and all calls have returned. */
  async run(generator: Generator): Promise<void> {
    this.#isStopped = false
    await Promise.all(this.#workers.map((worker) => this.#work(worker, generator)))
  }

  /** No further calls; those that are open come to their end. */
  stop(): void {
    this.#isStopped = true
    for (const go of this.#waiting) go()
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#workers.map(({ client }) => client?.close?.()))
  }

  async #work(worker: Worker, generator: Generator): Promise<void> {
    while (!this.#isStopped) {
      const draw = generator.next({
        worker: worker.worker,
        workers: this.#options.workers,
        nowMs: this.#runtime.clock.monotonicMs(),
        open: this.#open,
        last: worker.last,
        random: this.#runtime.random,
      })
      if (draw.kind === 'done') return
      if (draw.kind === 'wait') await this.#wait(draw.forMs)
      else await this.#call(worker, draw.request)
    }
  }

  async #call(worker: Worker, { f, value, key }: Request): Promise<void> {
    const { process } = worker
    const about = { process, f, ...(key === undefined ? {} : { key }) }
    const request = { f, value, ...(key === undefined ? {} : { key }) }
    worker.client ??= this.#options.open({ worker: worker.worker, process })
    this.#log.add({ ...about, type: 'invoke', value })
    this.#open++
    try {
      const answer = await worker.client.invoke(request, { timeoutMs: this.#options.timeoutMs })
      const error = answer.type !== 'ok' && answer.error !== undefined ? { error: answer.error } : {}
      worker.last = answer.type
      this.#log.add({ ...about, type: answer.type, value: answer.value ?? value, ...error })
      if (answer.type === 'info') this.#replace(worker)
    } catch (error) {
      const failed = error instanceof DureError && error.outcome === 'failed'
      worker.last = failed ? 'fail' : 'info'
      this.#log.add({ ...about, type: worker.last, value, error: describe(error) })
      if (!failed) this.#replace(worker)
    } finally {
      this.#open--
    }
  }

  #replace(worker: Worker): void {
    void worker.client?.close?.().catch(() => {})
    worker.client = undefined
    worker.process = this.#processes++
  }

  #wait(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined
      const go = (): void => {
        timer?.cancel()
        this.#waiting.delete(go)
        resolve()
      }
      timer = this.#runtime.timer(forMs, go)
      this.#waiting.add(go)
    })
  }
}

interface Worker {
  readonly worker: number
  process: number
  client: WorkloadClient | undefined
  last: CallEnd | undefined
}

const describe = (error: unknown): string => (error instanceof DureError ? error.code : String(error))
