import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'

/**
 * The only door to the outside. Everything between the ports and the protocols lives on one of these, so the same
 * code runs on Node and in the simulator.
 *
 * Each incarnation of a simulated process gets its own `Runtime`: after a crash its timers never fire, its calls do
 * nothing and its callbacks never come.
 */
export interface Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly disk: Disk
  /** Calls `fire` once, no earlier than `delayMs` from now. */
  timer(delayMs: number, fire: () => void): Timer
  /**
   * Calls `run` once everything that has already arrived was handled: the place to gather what a burst of messages
   * asked for into one write and one frame.
   */
  soon(run: () => void): void
  /** Stops the process: what holds in memory can no longer be trusted to match the disk (a failed sync). */
  abort(reason: Error): never
}

export interface Timer {
  /** Does nothing when it has fired. */
  cancel(): void
}
