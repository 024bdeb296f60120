import type { KeptLease } from '../../../engines/client/kept-lease.ts'
import type { LeaseId } from '../../../foundation/ids.ts'
import type { SimulatedProcess } from '../../../runtime/simulated/simulated-process.ts'
import type { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { Command } from '../../../wire/command/command.ts'
import type { ExpectedRow, StepEvents } from '../expected-state.ts'
import { BrokenInvariant } from './invariant.ts'

/** A lease as its holder sees it. */
export interface HeldLease {
  readonly kept: KeptLease
  readonly process: SimulatedProcess
  /** Of the process: another one does not hold it. */
  readonly incarnation: number
  /** The holder was told that it is over. */
  isLost: boolean
  /** The holder released it, or keeps it no more. */
  isLetGo: boolean
}

/** A timer of the holder that was due in the same moment gets this long. */
const TOLD_WITHIN_MS = 1
/** Two clocks that drift apart as far as they may. */
const RATE_MIN = 0.99

/**
 * What holders of leases rely on: none expires for the cluster before it is over for its holder, by the holder's own
 * clock, and the holder is told then; nothing with a time to live goes before that time has passed in the world; one call
 * for a lease grants one; and tokens grow in the order of the grants.
 */
export class KeptLeases implements StepEvents {
  readonly counts = { granted: 0, expired: 0, ended: 0, keysExpired: 0 }
  readonly #world: Simulation
  readonly #held = new Map<LeaseId, HeldLease>()
  readonly #isTtlOfOneCall: boolean
  /** Live leases by the time that they asked for. */
  readonly #byTtl = new Map<number, LeaseId>()
  readonly #ttlOf = new Map<LeaseId, number>()
  /** By the value that was put: no earlier than this. */
  readonly #dueMs = new Map<string, number>()
  #newestToken = 0

  /** Where each time to live is asked for by one call only, it tells of a lease whose call it was. */
  constructor(world: Simulation, isTtlOfOneCall: boolean) {
    this.#world = world
    this.#isTtlOfOneCall = isTtlOfOneCall
  }

  /** Of the newest lease whose grant was answered. */
  get newestToken(): number {
    return this.#newestToken
  }

  /** A call for a lease was answered that began when `newestToken` was `before`. */
  taken(held: HeldLease, token: number, before: number): void {
    if (token <= before) {
      const message = `the grant of token ${token} began after that of token ${before} was answered`
      throw new BrokenInvariant('fencing tokens grow', message)
    }
    this.#newestToken = Math.max(this.#newestToken, token)
    this.#held.set(held.kept.id, held)
  }

  /** This value is put now, for the first time. */
  put(value: string, ttlMs: number): void {
    this.#dueMs.set(value, this.#world.nowMs + ttlMs * RATE_MIN)
  }

  leaseGranted(lease: LeaseId, { ttlMs }: Extract<Command, { kind: 'grant-lease' }>): void {
    this.counts.granted++
    const other = this.#byTtl.get(ttlMs)
    if (other !== undefined && this.#isTtlOfOneCall) {
      const message = `a call for ${ttlMs} ms was granted lease ${other}, and lease ${lease} while that was there`
      throw new BrokenInvariant('one call grants one lease', message)
    }
    this.#byTtl.set(ttlMs, lease)
    this.#ttlOf.set(lease, ttlMs)
  }

  leaseEnded(lease: LeaseId): void {
    this.counts.ended++
    this.#forget(lease)
  }

  leaseExpired(lease: LeaseId): void {
    this.counts.expired++
    this.#forget(lease)
    const held = this.#held.get(lease)
    if (held === undefined || !isHeld(held)) return
    const leftMs = held.kept.aliveUntilMs - held.process.clock.monotonicMs()
    if (leftMs > 0 && !held.isLost) {
      const message = `lease ${lease} expired ${leftMs} ms before it was over for ${held.process.name}`
      throw new BrokenInvariant('a lease outlives what its holder believes', message)
    }
    // Paused until now, the holder hears of it when its timers come.
    if (held.process.isPaused) return
    this.#world.after(TOLD_WITHIN_MS, () => {
      if (held.isLost || !isHeld(held) || held.process.isPaused) return
      const message = `lease ${lease} is over, and ${held.process.name} was not told`
      throw new BrokenInvariant('a holder is told that its lease is over', message)
    })
  }

  keyExpired(key: string, { value }: ExpectedRow): void {
    this.counts.keysExpired++
    const dueMs = this.#dueMs.get(value)
    if (dueMs === undefined || this.#world.nowMs >= dueMs) return
    const message = `${key} went ${dueMs - this.#world.nowMs} ms before its time to live was over`
    throw new BrokenInvariant('a key outlives its time to live', message)
  }

  #forget(lease: LeaseId): void {
    this.#byTtl.delete(this.#ttlOf.get(lease)!)
    this.#ttlOf.delete(lease)
  }
}

const isHeld = ({ process, incarnation, isLetGo }: HeldLease): boolean =>
  !isLetGo && process.isRunning && process.incarnations === incarnation
