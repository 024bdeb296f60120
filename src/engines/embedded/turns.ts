import type { Runtime } from '../../runtime/runtime.ts'

/**
 * A node's turns: everything that has arrived is handled, then, once, what it asked for is done. Gathers a burst of
 * requests into one proposal, one write of the log and one message for each peer.
 */
export class Turns {
  readonly #runtime: Runtime
  #deferred: (() => void)[] = []
  #turn: (() => void) | undefined
  #isDue = false
  readonly #run = (): void => this.#take()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** What happens in each turn. */
  onTurn(turn: () => void): void {
    this.#turn = turn
  }

  /** Asks for a turn; several calls ask for one. */
  wake(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#runtime.soon(this.#run)
  }

  /** Runs at the end of the turn under way, or of the next one. */
  readonly defer = (run: () => void): void => {
    this.#deferred.push(run)
    this.wake()
  }

  #take(): void {
    this.#turn?.()
    // In this very turn: what it asked to be written need not wait for another one.
    const deferred = this.#deferred
    this.#isDue = false
    if (deferred.length === 0) return
    this.#deferred = []
    for (const run of deferred) run()
  }
}
