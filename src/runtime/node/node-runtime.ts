import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { Runtime, Timer } from '../runtime.ts'
import { SeededRandom } from '../seeded-random.ts'
import { nodeClock } from './node-clock.ts'
import { NodeDisk } from './node-disk.ts'
import { NodeNetwork, type NodeNetworkOptions } from './node-network.ts'
import { NodeRandom } from './node-random.ts'

export interface NodeRuntimeOptions {
  /** The data directory; every path of the disk is relative to it. Created by `disk.lock`. */
  readonly directory: string
  readonly network: NodeNetworkOptions
  /** Draws repeatable numbers instead of the operating system's. For tests. */
  readonly seed?: number
  /** Ends the process, after `reason` was written to stderr. Exit code 70 unless said. */
  readonly abort?: (reason: Error) => void
}

/**
 * The real world: Node's clock, timers, files and sockets.
 *
 * ```ts
 * const runtime = await createNodeRuntime({
 *   directory: './data/1',
 *   network: { framing, clusterId: 'demo', nodeId: 1, listen: '127.0.0.1:7001', peers: new Map([[2, '127.0.0.1:7002']]) },
 * })
 * await runtime.close()
 * ```
 *
 * Throws a `DureError` when it cannot listen. Connections that come before `network.onMessage` was called wait.
 */
export async function createNodeRuntime(options: NodeRuntimeOptions): Promise<NodeRuntime> {
  const runtime = new NodeRuntime(options)
  try {
    await runtime.network.listen()
  } catch (error) {
    await runtime.close()
    throw error
  }
  return runtime
}

export class NodeRuntime implements Runtime {
  readonly clock: Clock = nodeClock
  readonly random: Random
  readonly network: NodeNetwork
  readonly disk: NodeDisk
  readonly #timers = new Set<NodeTimer>()
  readonly #abort: (reason: Error) => void
  #closed = false

  constructor(options: NodeRuntimeOptions) {
    this.random = options.seed === undefined ? new NodeRandom() : new SeededRandom(options.seed)
    this.network = new NodeNetwork(options.network, this.random)
    this.disk = new NodeDisk(options.directory)
    this.#abort = options.abort ?? exitProcess
  }

  timer(delayMs: number, fire: () => void): Timer {
    const timer = new NodeTimer(delayMs, fire, this.#timers)
    if (this.#closed) timer.cancel()
    return timer
  }

  soon(run: () => void): void {
    setImmediate(() => {
      if (!this.#closed) run()
    })
  }

  abort(reason: Error): never {
    this.#abort(reason)
    throw reason
  }

  /** Hangs up, drops every timer and lets go of the directory. Nothing fires afterwards. */
  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) timer.cancel()
    await this.network.close()
    this.disk.release()
  }
}

/** Node fires at once when it is asked for more; a longer wait takes several of them. */
const DELAY_MS_MAX = 2 ** 31 - 1

class NodeTimer implements Timer {
  readonly #fire: () => void
  readonly #all: Set<NodeTimer>
  readonly #dueMs: number
  #timeout: NodeJS.Timeout

  constructor(delayMs: number, fire: () => void, all: Set<NodeTimer>) {
    this.#fire = fire
    this.#all = all
    this.#dueMs = performance.now() + delayMs
    this.#timeout = setTimeout(NodeTimer.#expire, Math.min(delayMs, DELAY_MS_MAX), this)
    all.add(this)
  }

  cancel(): void {
    if (!this.#all.delete(this)) return
    clearTimeout(this.#timeout)
  }

  static #expire(timer: NodeTimer): void {
    // Node rounds its own clock down and may come up to a millisecond early.
    const leftMs = timer.#dueMs - performance.now()
    if (leftMs > 0) {
      timer.#timeout = setTimeout(NodeTimer.#expire, Math.min(leftMs, DELAY_MS_MAX), timer)
      return
    }
    timer.#all.delete(timer)
    timer.#fire()
  }
}

function exitProcess(reason: Error): never {
  process.stderr.write(`dure stops: ${reason.stack ?? reason.message}\n`)
  process.exit(70)
}
