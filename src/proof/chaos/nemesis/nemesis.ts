import type { Random } from '../../../runtime/random.ts'
import type { Runtime, Timer } from '../../../runtime/runtime.ts'
import type { ClusterUnderTest, FaultKind } from './cluster-under-test.ts'
import { beginFault, type Fault, type Victims } from './faults.ts'

export interface NemesisOptions {
  readonly kinds: readonly FaultKind[]
  /** From the end of a fault of a kind to its next one, about. */
  readonly everyMs: number
  /** How long a fault lasts, about. */
  readonly forMs: number
  readonly random: Random
  /** Told what was done, when it was done. */
  readonly onFault: (note: FaultNote) => void
}

const LOOKS_PER_INTERVAL = 10

/** What a history says of the nemesis. */
export interface FaultNote {
  readonly phase: 'begin' | 'end'
  readonly kind: FaultKind
  /** For a person: `3`, `1,2 | 3,4,5`. */
  readonly described: string
  /** Set when it could not be done. */
  readonly error?: string
}

/**
 * Does faults to a cluster, each begun, kept up for a while and undone. Kinds take turns by themselves, so that a node is
 * killed now and then while the network is cut.
 *
 * ```ts
 * const nemesis = new Nemesis(runtime, cluster, { kinds: ['kill', 'partition'], everyMs: 5_000, forMs: 5_000, random, onFault })
 * const over = nemesis.run()
 * nemesis.stop()
 * await over
 * ```
 *
 * When it is stopped it undoes what is left, in the middle of a fault too.
 */
export class Nemesis {
  readonly #runtime: Runtime
  readonly #cluster: ClusterUnderTest
  readonly #options: NemesisOptions
  readonly #victims: Victims = { killed: new Set(), paused: new Set() }
  readonly #asleep = new Set<() => void>()
  #isStopped = false

  constructor(runtime: Runtime, cluster: ClusterUnderTest, options: NemesisOptions) {
    this.#runtime = runtime
    this.#cluster = cluster
    this.#options = options
  }

  /** Resolves once everything is undone; rejects when something could not be. */
  async run(): Promise<void> {
    // A kind whose fault cannot be undone ends there; the others go on, and all are undone before this is told.
    const ended = await Promise.allSettled(this.#options.kinds.map((kind) => this.#repeat(kind)))
    const failed = ended.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  stop(): void {
    this.#isStopped = true
    for (const wake of this.#asleep) wake()
  }

  async #repeat(kind: FaultKind): Promise<void> {
    const { everyMs, forMs } = this.#options
    for (;;) {
      await this.#sleep(this.#about(everyMs))
      const fault = await this.#beginSoon(kind)
      if (fault === undefined) return
      await this.#sleep(this.#about(forMs))
      await this.#end(kind, fault)
    }
  }

  /** While other faults have all nodes it waits for one that is free. Undefined once it is stopped. */
  async #beginSoon(kind: FaultKind): Promise<Fault | undefined> {
    while (!this.#isStopped) {
      const fault = await this.#begin(kind)
      if (fault !== undefined) return fault
      await this.#sleep(this.#options.everyMs / LOOKS_PER_INTERVAL)
    }
    return undefined
  }

  async #begin(kind: FaultKind): Promise<Fault | undefined> {
    const fault = await beginFault(kind, this.#cluster, this.#options.random, this.#victims)
    if (fault === undefined) return undefined
    const error = fault.error === undefined ? {} : { error: fault.error }
    this.#options.onFault({ phase: 'begin', kind, described: fault.described, ...error })
    return fault
  }

  async #end(kind: FaultKind, fault: Fault): Promise<void> {
    try {
      await fault.undo()
      this.#options.onFault({ phase: 'end', kind, described: fault.described })
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error)
      this.#options.onFault({ phase: 'end', kind, described: fault.described, error: told })
      throw error
    }
  }

  #about(lengthMs: number): number {
    return lengthMs * (0.5 + this.#options.random.next())
  }

  #sleep(lengthMs: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    return new Promise((resolve) => {
      let timer: Timer | undefined
      const wake = (): void => {
        timer?.cancel()
        this.#asleep.delete(wake)
        resolve()
      }
      timer = this.#runtime.timer(lengthMs, wake)
      this.#asleep.add(wake)
    })
  }
}
