import { DureError } from '../../../foundation/errors.ts'
import type { CallOptions } from '../../../ports/key-value/key-value-store.ts'
import type { FencingToken, Lease, LeaseOptions } from '../../../ports/key-value/lease.ts'
import { aborted, Call, type Calls } from '../call.ts'
import type { Keys } from '../keys.ts'
import type { Rpc } from '../rpc.ts'
import { decodeTransaction, encodeTransaction } from '../wire/key-value-messages.ts'
import { EtcdLease } from './etcd-lease.ts'
import { type Grant, grantLease, hexOf, revokeLease } from './lease-grants.ts'
import type { KeptLease, LeaseKeeper } from './lease-keeper.ts'

const RELEASE_TIMEOUT_MS = 5_000

/** The leases that one store holds. */
export class Leases {
  readonly #rpc: Rpc
  readonly #calls: Calls
  readonly #keys: Keys
  readonly #keeper: LeaseKeeper
  readonly #held = new Map<EtcdLease, KeptLease>()

  constructor(rpc: Rpc, calls: Calls, keys: Keys, keeper: LeaseKeeper) {
    this.#rpc = rpc
    this.#calls = calls
    this.#keys = keys
    this.#keeper = keeper
  }

  /** Of this store: held now, released or lost. */
  isOwn = (lease: Lease): boolean => lease instanceof EtcdLease && lease.owner === this

  async grant(options: LeaseOptions): Promise<Lease> {
    return this.#calls.run(options, async (call) => {
      const grant = await grantLease(this.#rpc, call, options.ttlMs, { effect: true })
      let token: FencingToken
      try {
        token = await this.#fence(call, grant)
      } catch (error) {
        // Nobody will ever know of it.
        this.#revokeUnseen(grant.id)
        throw error
      }
      if (options.signal?.aborted === true) {
        this.#revokeUnseen(grant.id)
        throw aborted(options.signal)
      }
      return this.#hold(grant, token, options.signal)
    })
  }

  /** Holders are told; with a `timeoutMs` the leases go from etcd as far as it answers in time. */
  async close(timeoutMs: number | undefined): Promise<void> {
    const held = [...this.#held.keys()]
    for (const lease of held) {
      this.#drop(lease)
      lease.lose('the store was closed')
    }
    if (timeoutMs === undefined) return
    await Promise.allSettled(held.map(({ etcdId }) => revokeLease(this.#rpc, new Call(timeoutMs), etcdId)))
  }

  /** The lease's own key: etcd's revisions grow with every write, so its revision does with every grant. */
  async #fence(call: Call, { id }: Grant): Promise<FencingToken> {
    const key = this.#keys.lease(hexOf(id))
    const message = encodeTransaction({
      compares: [{ target: 'mod-revision', key, equals: 0 }],
      success: [{ kind: 'put', key, value: new Uint8Array(0), lease: id }],
      failure: [{ kind: 'range', key, keysOnly: true }],
    })
    const answer = decodeTransaction(
      await this.#rpc.request(call, '/etcdserverpb.KV/Txn', message, { effect: true }),
    )
    this.#rpc.connections.note(answer.header)
    const [response] = answer.responses
    if (answer.succeeded) return answer.header.revision as FencingToken
    if (response?.kind === 'range' && response.pairs[0] !== undefined) {
      return response.pairs[0].modRevision as FencingToken
    }
    throw call.error('lease-lost', 'the lease expired before its grant was complete: try again', {
      retryable: true,
    })
  }

  #hold(grant: Grant, token: FencingToken, signal: AbortSignal | undefined): EtcdLease {
    const { id, ttlMs } = grant
    const release = (): void => void lease.release({ timeoutMs: RELEASE_TIMEOUT_MS }).catch(() => {})
    const lease = new EtcdLease({
      ...{ owner: this, etcdId: id, token, ttlMs },
      check: () => this.#held.get(lease)?.check(),
      revoke: async (options) => {
        signal?.removeEventListener('abort', release)
        this.#drop(lease)
        await this.#revoke(id, options)
      },
    })
    const kept = this.#keeper.keep(grant, (reason) => {
      signal?.removeEventListener('abort', release)
      this.#held.delete(lease)
      lease.lose(reason)
    })
    this.#held.set(lease, kept)
    signal?.addEventListener('abort', release)
    return lease
  }

  #drop(lease: EtcdLease): void {
    this.#held.get(lease)?.stop()
    this.#held.delete(lease)
  }

  /** A store that was closed has released its leases already, or let them expire. */
  async #revoke(id: number, options: CallOptions | undefined): Promise<void> {
    if (this.#calls.isClosed) return
    try {
      await this.#calls.run(options, (call) => revokeLease(this.#rpc, call, id, { effect: true }))
    } catch (error) {
      if (!(error instanceof DureError) || error.code !== 'closed') throw error
    }
  }

  #revokeUnseen(id: number): void {
    revokeLease(this.#rpc, new Call(RELEASE_TIMEOUT_MS), id).catch(() => {
      // It expires by itself.
    })
  }
}
