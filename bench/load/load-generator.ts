import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Contender } from '../contenders/contender.ts'
import type { Answer, FanOutLoad, KeepAliveLoad, Load, LoadResult, Order, RateResult } from './load.ts'

const PROGRAM = fileURLToPath(new URL('./generator-process.ts', import.meta.url))
/** Beyond the time that a load takes by itself; then the generator hangs and is ended. */
const GRACE_MS = 60_000

/**
 * A process that puts load on one contender.
 *
 * ```ts
 * await using generator = await LoadGenerator.start(contender)
 * const result = await generator.run(load)
 * ```
 */
export class LoadGenerator implements AsyncDisposable {
  readonly #contender: Contender
  readonly #child: ChildProcess
  readonly #killOnExit = () => this.#child.kill('SIGKILL')

  private constructor(contender: Contender) {
    this.#contender = contender
    this.#child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    process.prependOnceListener('exit', this.#killOnExit)
  }

  static async start(contender: Contender): Promise<LoadGenerator> {
    const generator = new LoadGenerator(contender)
    await generator.reconnect()
    return generator
  }

  /** Finds the leader anew. */
  async reconnect(): Promise<void> {
    await this.#order({ kind: 'connect', target: this.#contender.target }, GRACE_MS)
  }

  async run(load: Load): Promise<LoadResult> {
    const order: Order = { kind: 'run', load, serverPids: this.#contender.pids }
    const answer = await this.#order(order, load.warmUpMs + load.measureMs + GRACE_MS)
    if (answer.kind !== 'finished') throw new Error(`a load was answered with ${answer.kind}`)
    return answer.result
  }

  /** Puts watchers in place, for `fanOut`. */
  async watch(watchers: number): Promise<void> {
    await this.#order({ kind: 'watch', watchers }, GRACE_MS)
  }

  fanOut(load: FanOutLoad): Promise<RateResult> {
    return this.#measure({ kind: 'fan-out', load, serverPids: this.#contender.pids })
  }

  /** For `keepAlive`. */
  async grantLeases(leases: number): Promise<void> {
    await this.#order({ kind: 'grant-leases', leases }, GRACE_MS)
  }

  keepAlive(load: KeepAliveLoad): Promise<RateResult> {
    return this.#measure({ kind: 'keep-alive', load, serverPids: this.#contender.pids })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#killOnExit)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await exited
  }

  async #measure(order: Extract<Order, { kind: 'fan-out' | 'keep-alive' }>): Promise<RateResult> {
    const answer = await this.#order(order, order.load.warmUpMs + order.load.measureMs + GRACE_MS)
    if (answer.kind !== 'measured') throw new Error(`a load was answered with ${answer.kind}`)
    return answer.result
  }

  #order(order: Order, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer)
        this.#child.off('message', onMessage)
        this.#child.off('exit', onExit)
        finish()
      }
      const onMessage = (answer: Answer) =>
        settle(() =>
          answer.kind === 'failed'
            ? reject(new Error(`the load generator of ${this.#contender.name} failed: ${answer.message}`))
            : resolve(answer),
        )
      const onExit = (code: number | null, signal: string | null) =>
        settle(() =>
          reject(new Error(`the load generator of ${this.#contender.name} ended: ${signal ?? code}`)),
        )
      const timer = setTimeout(() => {
        settle(() =>
          reject(
            new Error(`the load generator of ${this.#contender.name} gave no answer in ${timeoutMs} ms`),
          ),
        )
        this.#child.kill('SIGKILL')
      }, timeoutMs)
      this.#child.on('message', onMessage)
      this.#child.on('exit', onExit)
      this.#child.send(order)
    })
  }
}
