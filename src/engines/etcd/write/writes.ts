import { assert } from '../../../foundation/assert.ts'
import { DureError } from '../../../foundation/errors.ts'
import type { CommitResult, Transaction } from '../../../ports/key-value/key-value-store.ts'
import { versionFromNumber } from '../../../ports/key-value/version.ts'
import type { Call } from '../call.ts'
import type { Keys } from '../keys.ts'
import type { TtlLease, TtlLeases } from '../lease/ttl-leases.ts'
import { Refused, type Rpc } from '../rpc.ts'
import {
  decodeTransaction,
  encodeTransaction,
  type KeyValue,
  type RequestOperation,
  type ResponseOperation,
  type TransactionRequest,
  type TransactionResponse,
} from '../wire/key-value-messages.ts'
import { existedOf, fitsGuard, foundOf, type Plan, planOf, withGuard } from './plan.ts'
import { committedRecord, failedRecord, fingerprintOf, readRecord } from './record.ts'
import { isFree, type Slot, type Slots, take } from './slots.ts'

/** Idempotency keys are remembered for so long. */
const ONCE_TTL_MS = 60 * 60_000
const TRANSACTION = '/etcdserverpb.KV/Txn'

/** What a slot says when nothing of it is left: its session expired. */
type Attempt = CommitResult | 'session-gone'

/**
 * Every write of a store: a transaction of etcd that happens once, and whose outcome can be told after a lost answer.
 * See DESIGN.md, "Once".
 */
export class Writes {
  readonly #rpc: Rpc
  readonly #keys: Keys
  readonly #slots: Slots
  readonly #ttlLeases: TtlLeases

  constructor(rpc: Rpc, keys: Keys, slots: Slots, ttlLeases: TtlLeases) {
    this.#rpc = rpc
    this.#keys = keys
    this.#slots = slots
    this.#ttlLeases = ttlLeases
  }

  /** `existed`: the caller wants to know it of the keys that are put. */
  async commit(call: Call, transaction: Transaction, existed: boolean): Promise<CommitResult> {
    for (let isRetry = false; ; isRetry = true) {
      const ttls = await this.#leasesFor(call, transaction)
      const plan = planOf(transaction, this.#keys, (ttlMs) => ttls.get(ttlMs)!.id, existed)
      try {
        const result = await this.#carryOut(call, plan, ttls.get(ONCE_TTL_MS))
        if (result.committed) await this.#confirm(call, transaction, ttls)
        return result
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== 'lease-lost' || ttls.size === 0 || isRetry)
          throw error
        // A lease of ours for times to live may have ended before its time was used: others are granted, once.
        for (const ttlMs of ttls.keys()) this.#ttlLeases.forget(ttlMs)
      }
    }
  }

  #carryOut(call: Call, plan: Plan, onceLease: TtlLease | undefined): Promise<CommitResult> {
    const { operations, idempotencyKey } = plan.transaction
    if (idempotencyKey !== undefined) return this.#commitOnce(call, plan, idempotencyKey, onceLease!)
    // It changes nothing, so it may happen twice.
    if (operations.length === 0) return this.#compare(call, plan)
    return fitsGuard(plan) ? this.#commitGuarded(call, plan) : this.#commitUnguarded(call, plan)
  }

  async #compare(call: Call, plan: Plan): Promise<CommitResult> {
    const { compares, reads } = plan
    const answer = await this.#send(call, { compares, success: [], failure: reads }, false)
    if (!answer.succeeded) return { committed: false, found: foundOf(answer.responses) }
    return { committed: true, version: versionFromNumber(answer.header.revision), existed: [] }
  }

  async #commitGuarded(call: Call, plan: Plan): Promise<CommitResult> {
    for (;;) {
      const slot = await this.#slots.take(call)
      let attempt: Attempt
      try {
        attempt = await this.#commitWith(slot, call, plan)
      } finally {
        this.#slots.giveBack(slot)
      }
      if (attempt !== 'session-gone') return attempt
      this.#slots.lost(slot.session)
      if (call.isUnknown) throw goneWithSession()
    }
  }

  async #commitWith(slot: Slot, call: Call, plan: Plan): Promise<Attempt> {
    const readSlot: RequestOperation = { kind: 'range', key: slot.key }
    const answer = await this.#send(
      call,
      {
        compares: [isFree(slot), ...plan.compares],
        success: withGuard(plan, take(slot)),
        failure: [readSlot, ...plan.reads],
      },
      true,
    )
    if (answer.succeeded) return committed(answer, plan)
    const made = whetherMade(slot, answer.responses[0])
    if (made !== 'not') return made === 'gone' ? 'session-gone' : this.#committedBefore(call, plan, made)
    const failed: CommitResult = { committed: false, found: foundOf(answer.responses.slice(1)) }
    if (!call.isUnknown) return failed

    // An attempt before may be on its way still, and the comparisons may hold when it arrives: it is shut out first.
    const shut = await this.#send(
      call,
      { compares: [isFree(slot)], success: [take(slot)], failure: [readSlot] },
      false,
    )
    if (shut.succeeded) {
      call.isUnknown = false
      return failed
    }
    const madeSince = whetherMade(slot, shut.responses[0])
    assert(madeSince !== 'not', 'a slot that is not free has this number or is gone')
    return madeSince === 'gone' ? 'session-gone' : this.#committedBefore(call, plan, madeSince)
  }

  /** Too large to carry what would make it happen once: it is sent once. */
  async #commitUnguarded(call: Call, plan: Plan): Promise<CommitResult> {
    const { compares, operations, reads } = plan
    const message = encodeTransaction({ compares, success: operations, failure: reads })
    const body = await this.#rpc.request(call, TRANSACTION, message, { effect: true, once: true })
    const answer = this.#read(body)
    if (answer.succeeded) return committed(answer, plan)
    return { committed: false, found: foundOf(answer.responses) }
  }

  /** The record of the key decides, for all who send the same request within its time. */
  async #commitOnce(call: Call, plan: Plan, idempotencyKey: string, lease: TtlLease): Promise<CommitResult> {
    if (!fitsGuard(plan)) {
      throw call.error(
        'unsupported',
        `a commit of ${plan.compares.length} comparisons and ${plan.operations.length} operations was to happen once ` +
          'by its idempotency key; on etcd it may have 127 of each: split it, or leave the key out',
      )
    }
    const key = this.#keys.once(idempotencyKey)
    const fingerprint = fingerprintOf(plan.transaction)
    const record = (value: Uint8Array): RequestOperation => ({ kind: 'put', key, value, lease: lease.id })
    const readRecordOperation: RequestOperation = { kind: 'range', key }
    const answer = await this.#send(
      call,
      {
        compares: [{ target: 'mod-revision', key, equals: 0 }, ...plan.compares],
        success: withGuard(plan, record(committedRecord(fingerprint))),
        failure: [readRecordOperation, ...plan.reads],
      },
      true,
    )
    if (answer.succeeded) return committed(answer, plan)
    const there = pairOf(answer.responses[0])
    if (there !== undefined) return this.#recorded(call, plan, fingerprint, there)

    // The comparisons failed. That is written down before it is said: no later attempt may find that they hold.
    const found = foundOf(answer.responses.slice(1))
    const written = await this.#send(
      call,
      {
        compares: [{ target: 'mod-revision', key, equals: 0 }],
        success: [record(failedRecord(fingerprint, found))],
        failure: [readRecordOperation],
      },
      false,
    )
    if (!written.succeeded) {
      const since = pairOf(written.responses[0])
      if (since !== undefined) return this.#recorded(call, plan, fingerprint, since)
    }
    call.isUnknown = false
    return { committed: false, found }
  }

  async #recorded(call: Call, plan: Plan, fingerprint: Uint8Array, pair: KeyValue): Promise<CommitResult> {
    const record = readRecord(pair.value)
    if (!record.isOf(fingerprint)) {
      call.isUnknown = false
      throw new DureError(
        'invalid',
        'this idempotency key was used for another request within the last hour: choose a new key for a new request',
      )
    }
    if (record.found !== undefined) {
      call.isUnknown = false
      return { committed: false, found: record.found }
    }
    return this.#committedBefore(call, plan, pair.modRevision)
  }

  /** It happened in an attempt whose answer was lost: which keys were there before, etcd's history tells. */
  async #committedBefore(call: Call, plan: Plan, revision: number): Promise<CommitResult> {
    const version = versionFromNumber(revision)
    const { operations } = plan
    call.isUnknown = true
    if (
      operations.every(({ kind }) => kind === 'put') &&
      operations.length === 1 &&
      !wantsPrevious(operations[0]!)
    ) {
      call.isUnknown = false
      return { committed: true, version, existed: [] }
    }
    const success: RequestOperation[] = operations.map((operation) => ({
      ...{ kind: 'range', key: (operation as { readonly key: Uint8Array }).key },
      ...{ keysOnly: true, revision: revision - 1 },
    }))
    try {
      const answer = await this.#send(call, { compares: [], success, failure: [] }, false)
      call.isUnknown = false
      return { committed: true, version, existed: foundOf(answer.responses).map((found) => found > 0) }
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'snapshot-expired') throw error
      throw new DureError(
        'session-expired',
        `the write happened, at version ${version}; which of its keys were there before was compacted: read to find out`,
        { outcome: 'unknown', cause: error },
      )
    }
  }

  /** One lease for each time to live of the transaction, and for its idempotency key. */
  async #leasesFor(call: Call, { operations, idempotencyKey }: Transaction): Promise<Map<number, TtlLease>> {
    const leases = new Map<number, TtlLease>()
    for (const operation of operations) {
      if (operation.kind !== 'put' || operation.ttlMs === undefined || leases.has(operation.ttlMs)) continue
      leases.set(operation.ttlMs, await this.#ttlLeases.lease(call, operation.ttlMs))
    }
    if (idempotencyKey !== undefined && !leases.has(ONCE_TTL_MS)) {
      leases.set(ONCE_TTL_MS, await this.#ttlLeases.lease(call, ONCE_TTL_MS))
    }
    return leases
  }

  /** A put that took long is not acknowledged before its time to live is certain to count from now. */
  async #confirm(
    call: Call,
    { operations }: Transaction,
    ttls: ReadonlyMap<number, TtlLease>,
  ): Promise<void> {
    if (ttls.size === 0) return
    for (const operation of operations) {
      if (operation.kind !== 'put' || operation.ttlMs === undefined) continue
      call.isUnknown = true
      if (!(await this.#ttlLeases.confirm(call, ttls.get(operation.ttlMs)!))) {
        throw call.error(
          'timeout',
          'the value was written so late that its time to live may have ended: write it again',
        )
      }
      call.isUnknown = false
    }
  }

  async #send(call: Call, request: TransactionRequest, effect: boolean): Promise<TransactionResponse> {
    return this.#read(await this.#rpc.request(call, TRANSACTION, encodeTransaction(request), { effect }))
  }

  #read(body: Uint8Array): TransactionResponse {
    const answer = decodeTransaction(body)
    this.#rpc.connections.note(answer.header)
    return answer
  }
}

function committed(answer: TransactionResponse, plan: Plan): CommitResult {
  const version = versionFromNumber(answer.header.revision)
  return { committed: true, version, existed: existedOf(answer.responses, plan.operations.length) }
}

/** The revision at which the write of this slot was made, or that it was not, or that the slot is gone. */
function whetherMade(slot: Slot, response: ResponseOperation | undefined): number | 'not' | 'gone' {
  const pair = pairOf(response)
  if (pair === undefined) return 'gone'
  const order = Buffer.compare(pair.value, slot.number)
  assert(order <= 0, 'a slot has no number above that of the write that has it')
  return order < 0 ? 'not' : pair.modRevision
}

const pairOf = (response: ResponseOperation | undefined): KeyValue | undefined =>
  response?.kind === 'range' ? response.pairs[0] : undefined

const wantsPrevious = (operation: RequestOperation): boolean =>
  operation.kind !== 'put' || operation.previous === true

const goneWithSession = (): DureError =>
  new DureError(
    'session-expired',
    'the record of this write is gone, so it cannot be told whether an earlier attempt happened: read to find out',
    { outcome: 'unknown' },
  )
