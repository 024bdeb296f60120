import { DureError } from '../../../foundation/errors.ts'
import { Queue } from '../../../foundation/queue.ts'
import { Call } from '../call.ts'
import type { Keys } from '../keys.ts'
import { grantLease, hexOf, revokeLease } from '../lease/lease-grants.ts'
import type { KeptLease, LeaseKeeper } from '../lease/lease-keeper.ts'
import type { Rpc } from '../rpc.ts'
import { type Compare, encodeTransaction, type RequestOperation } from '../wire/key-value-messages.ts'

/** How long a store may be away before etcd forgets which of its writes were made. */
const SESSION_TTL_MS = 60_000
/** Set up at once; as many writes can be on their way. */
const SLOTS_AT_FIRST = 16
const SLOTS_ADDED = 64
const SLOTS_MAX = 1_024
const OPEN_TIMEOUT_MS = 5_000
const RETRY_DELAY_MS = 20

/**
 * One place for one write at a time. Its key holds the number of the last write that was made through it; a write is
 * made if that is below its own number. So a write is made once however often it arrives, and one that arrives when
 * the slot has gone on, or is gone with its session, is not made at all.
 */
export interface Slot {
  readonly session: Session
  readonly key: Uint8Array
  /** Of the write that has the slot now: larger than all before it in this session. */
  number: Uint8Array
}

/** What etcd keeps under one lease for one store. */
interface Session {
  readonly name: string
  readonly lease: number
  readonly kept: KeptLease
  readonly free: Slot[]
  slots: number
  isLost: boolean
}

export const isFree = ({ key, number }: Slot): Compare => ({ target: 'value', key, less: number })

export const take = ({ key, number, session }: Slot): RequestOperation => ({
  kind: 'put',
  key,
  value: number,
  lease: session.lease,
})

/** The slots of one store: opened with the first write, more of them as more writes are on their way. */
export class Slots {
  readonly #rpc: Rpc
  readonly #keys: Keys
  readonly #keeper: LeaseKeeper
  readonly #line = new Queue<(slot: Slot | DureError) => void>()
  #session: Session | undefined
  #growing: Promise<void> | undefined
  /** The one that makes slots, or the last that did. */
  #growth: Call | undefined
  #lastNumber = 0

  constructor(rpc: Rpc, keys: Keys, keeper: LeaseKeeper) {
    this.#rpc = rpc
    this.#keys = keys
    this.#keeper = keeper
  }

  async take(call: Call): Promise<Slot> {
    for (;;) {
      const slot = this.#session?.isLost === false ? this.#session.free.pop() : undefined
      if (slot !== undefined) {
        slot.number = this.#nextNumber()
        return slot
      }
      this.#grow()
      const given = await call.wait<Slot | DureError>(call.leftMs, (resolve) => {
        let isGone = false
        this.#line.push((slot) => {
          if (!isGone) return resolve(slot)
          if (!(slot instanceof DureError)) this.giveBack(slot)
        })
        return () => (isGone = true)
      })
      if (given === undefined) {
        const slots = this.#session?.slots ?? 0
        call.problem =
          slots > 0
            ? `it waited in line: ${slots} writes before it have no answer yet`
            : (this.#growth?.problem ?? call.problem)
        throw call.outOfTime()
      }
      if (given instanceof DureError) {
        call.problem = given.message
        if (!given.retryable || call.leftMs <= RETRY_DELAY_MS) {
          throw call.error(given.code, given.message, { retryable: given.retryable, cause: given })
        }
        await call.pause(RETRY_DELAY_MS)
        continue
      }
      if (given.session.isLost) continue
      given.number = this.#nextNumber()
      return given
    }
  }

  giveBack(slot: Slot): void {
    if (slot.session.isLost) return
    const waiting = this.#line.shift()
    if (waiting === undefined) slot.session.free.push(slot)
    else waiting(slot)
  }

  /** etcd has its slots no more: what was on its way will not be made. */
  lost(session: Session): void {
    if (session.isLost) return
    session.isLost = true
    session.kept.stop()
    if (this.#session === session) this.#session = undefined
    if (this.#line.size > 0) this.#grow()
  }

  /** Leaves nothing behind in etcd, if it answers. */
  async close(call: Call): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    this.lost(session)
    await revokeLease(this.#rpc, call, session.lease)
  }

  #nextNumber(): Uint8Array {
    const number = Buffer.alloc(8)
    number.writeUIntBE(++this.#lastNumber, 2, 6)
    return number
  }

  #grow(): void {
    if (this.#growing !== undefined || (this.#session?.slots ?? 0) >= SLOTS_MAX) return
    this.#growing = this.#addSlots().then(
      () => {
        this.#growing = undefined
        if (this.#line.size > 0) this.#grow()
      },
      (error: unknown) => {
        this.#growing = undefined
        // Those in line get a slot of those that are in use.
        if (this.#session !== undefined && this.#session.slots > 0) return
        const told = error instanceof DureError ? error : new DureError('unavailable', String(error))
        // None of their writes has left.
        for (let size = this.#line.size; size > 0; size--) this.#line.shift()!(told)
      },
    )
  }

  async #addSlots(): Promise<void> {
    const call = new Call(OPEN_TIMEOUT_MS)
    this.#growth = call
    this.#session ??= await this.#open(call)
    const session = this.#session
    const count = session.slots === 0 ? SLOTS_AT_FIRST : SLOTS_ADDED
    const added = Array.from({ length: count }, (_, i) => ({
      session,
      key: this.#keys.slot(session.name, session.slots + i),
      number: new Uint8Array(8),
    }))
    // Once: an attempt that arrives late must not set back what writes have put into them since.
    const compares: Compare[] = [{ target: 'mod-revision', key: added[0]!.key, equals: 0 }]
    const message = encodeTransaction({ compares, success: added.map(take), failure: [] })
    try {
      await this.#rpc.request(call, '/etcdserverpb.KV/Txn', message)
    } catch (error) {
      if (!(error instanceof DureError) || error.code !== 'lease-lost') throw error
      // The session ended meanwhile: those in line get slots of the next.
      return this.lost(session)
    }
    session.slots += count
    for (const slot of added) this.giveBack(slot)
  }

  async #open(call: Call): Promise<Session> {
    const grant = await grantLease(this.#rpc, call, SESSION_TTL_MS)
    const kept = this.#keeper.keep(grant, () => this.lost(session))
    const session: Session = {
      ...{ name: hexOf(grant.id), lease: grant.id, kept },
      ...{ free: [], slots: 0, isLost: false },
    }
    return session
  }
}
