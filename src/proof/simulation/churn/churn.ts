import type { Simulation } from '../../../runtime/simulated/simulation.ts'
import { CommittedChanges } from '../invariants/committed-changes.ts'
import { BrokenInvariant, type Invariant } from '../invariants/invariant.ts'
import { KeptLeases } from '../invariants/kept-leases.ts'
import { LogTime } from '../invariants/log-time.ts'
import type { Scenario } from '../scenario.ts'
import { Acknowledged } from './acknowledged.ts'
import { EXPIRY_TTL_MS_MAX, ExpiryClient, LeaseTimes } from './expiry-client.ts'
import { WatchingProcess } from './watching-process.ts'

/** With a leader, nothing outlives its time by more: it is noticed, proposed, committed, perhaps by the next leader. */
const GONE_WITHIN_MS = 5_000

export type ChurnCounts = {
  readonly watchesReopened: number
  readonly watchesCompacted: number
  readonly leasesGranted: number
  readonly leasesExpired: number
  readonly keysExpired: number
}

/** What comes and goes beside the members: watches, leases, and keys with a time to live; and what must hold of them. */
export class Churn {
  readonly truth: CommittedChanges
  readonly acknowledged = new Acknowledged()
  readonly invariants: readonly Invariant[]
  readonly expiryClients: ExpiryClient[] = []
  readonly #world: Simulation
  readonly #scenario: Scenario
  readonly #leases: KeptLeases
  readonly #watchers: WatchingProcess[] = []
  #endedMs = Number.POSITIVE_INFINITY

  constructor(world: Simulation, scenario: Scenario) {
    this.#world = world
    this.#scenario = scenario
    this.#leases = new KeptLeases(world, scenario.expiry.clientCount > 0)
    const { stateMachine } = scenario.storage
    this.truth = new CommittedChanges({ ...stateMachine, events: this.#leases })
    const { expected } = this.truth
    this.invariants = [
      this.truth,
      new LogTime(
        () => world.nowMs,
        () => expected.logTimeMs,
      ),
    ]
  }

  get counts(): ChurnCounts {
    const { granted, expired, keysExpired } = this.#leases.counts
    const sum = (of: 'reopened' | 'compacted') =>
      this.#watchers.reduce((all, { counts }) => all + counts[of], 0)
    return {
      watchesReopened: sum('reopened'),
      watchesCompacted: sum('compacted'),
      leasesGranted: granted,
      leasesExpired: expired,
      keysExpired,
    }
  }

  start(addresses: readonly string[]): void {
    const from = (i: number) => addresses.map((_, n) => addresses[(n + i) % addresses.length]!)
    const { watchers, expiry, faultPhaseMs } = this.#scenario
    for (const [i, plan] of watchers.entries()) {
      const [truth, acknowledged] = [this.truth, this.acknowledged]
      this.#watchers.push(
        new WatchingProcess(this.#world, `watcher ${i}`, from(i), truth, acknowledged, plan),
      )
    }
    const shared = {
      truth: this.truth,
      leases: this.#leases,
      acknowledged: this.acknowledged,
      times: new LeaseTimes(),
    }
    for (let i = 0; i < expiry.clientCount; i++) {
      const parts = { ...shared, addresses: from(i) }
      this.expiryClients.push(new ExpiryClient(this.#world, `holder ${i}`, parts, expiry, faultPhaseMs))
    }
  }

  /** Holders die, and watchers have to come to the end. */
  end(): void {
    for (const client of this.expiryClients) client.end()
    for (const watcher of this.#watchers) watcher.hurry()
    this.#endedMs = this.#world.nowMs
  }

  /** After `end`: nothing is left that goes by itself, and all watchers have shown everything. */
  get isOver(): boolean {
    if (!this.truth.expected.isStill) {
      if (this.#world.nowMs <= this.#endedMs + EXPIRY_TTL_MS_MAX + GONE_WITHIN_MS) return false
      throw this.#world.failure(new BrokenInvariant('what has no holder goes', this.unfinished!))
    }
    return this.#watchers.every(({ isAtEnd }) => isAtEnd)
  }

  /** Once it is over: a watcher that kept a copy has another one than what is there. */
  get wrongCopy(): string | undefined {
    for (const watcher of this.#watchers) {
      const problem = watcher.differsFrom(this.truth.expected.rows)
      if (problem !== undefined) return problem
    }
    return undefined
  }

  /** What keeps it from being over. */
  get unfinished(): string | undefined {
    const { rows, leases, isStill } = this.truth.expected
    if (!isStill) {
      const timed = [...rows].filter(([, { expiresAtMs }]) => expiresAtMs < Number.POSITIVE_INFINITY)
      return `leases ${[...leases.keys()].join(' ')} and keys ${timed.map(([key]) => key).join(' ')} are still there`
    }
    const behind = this.#watchers.filter(({ isAtEnd }) => !isAtEnd)
    return behind.length === 0
      ? undefined
      : `${behind.map(({ name }) => name).join(' ')} did not come to the end`
  }
}
