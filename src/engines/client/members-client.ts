import type { DureError } from '../../foundation/errors.ts'
import { type NodeId, nodeId } from '../../foundation/ids.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { MemberRequest } from '../../wire/parcel/parcel.ts'
import { Call, type CallParts, unexpected } from './call.ts'
import type { Transport } from './transport.ts'

const TIMEOUT_MS = 5_000

export interface MemberCallOptions {
  /** How long to try; 5,000 unless said. A change that has to wait for another one, or for a learner, is tried again. */
  readonly timeoutMs?: number
}

export interface MemberToAdd {
  readonly node: number
  /** Where peers and clients will reach it, `host:port`. */
  readonly peerAddress: string
  readonly httpAddress?: string
}

/**
 * Changes who belongs to a cluster, while it runs.
 *
 * ```ts
 * const members = await connectMembers({ addresses: ['127.0.0.1:7001'] })
 * await members.add({ node: 6, peerAddress: '127.0.0.1:7006' })
 * await members.promote(6)
 * await members.remove(2)
 * ```
 *
 * Each resolves once the change is in force, and may be repeated without harm: what is so already stays so. Errors:
 * `invalid` for what makes no sense, `unavailable` for what may be possible later, `unknown` outcomes as everywhere.
 */
export class MembersClient {
  readonly #parts: CallParts
  readonly #onClose: () => Promise<void>

  constructor(runtime: Runtime, transport: Transport, onClose: () => Promise<void> = async () => {}) {
    this.#parts = { runtime, transport, isClosed: false }
    this.#onClose = onClose
  }

  /** A learner: it copies everything, and decides nothing until it is promoted. Then start its node. */
  add({ node, peerAddress, httpAddress = '' }: MemberToAdd, options?: MemberCallOptions): Promise<void> {
    return this.#change(
      { change: 'add', node: nodeId(node), peerAddress, httpAddress, force: false },
      options,
    )
  }

  /** A learner that has caught up becomes a voter; waits for it as long as the call may take. */
  promote(node: number, options?: MemberCallOptions & { readonly force?: boolean }): Promise<void> {
    return this.#change({ ...of(nodeId(node), options), change: 'promote' }, options)
  }

  /** For good, the leader too. Refused when too few of those that are left answer, unless `force`. */
  remove(node: number, options?: MemberCallOptions & { readonly force?: boolean }): Promise<void> {
    return this.#change({ ...of(nodeId(node), options), change: 'remove' }, options)
  }

  /** What one node says of itself and of all members, parsed: a `NodeStatus`. */
  status<Status>(options: MemberCallOptions = {}): Promise<Status> {
    return new Promise((resolve, reject) => {
      const call = new Call<Status>(this.#parts, options.timeoutMs ?? TIMEOUT_MS, settle(resolve, reject))
      call.send(
        () => ({ kind: 'status' }),
        (response) => {
          if (response.status !== 'json') return call.fail(unexpected(response))
          call.succeed(JSON.parse(response.json) as Status)
        },
      )
    })
  }

  async close(): Promise<void> {
    if (this.#parts.isClosed) return
    this.#parts.isClosed = true
    this.#parts.transport.close()
    await this.#onClose()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #change(request: Omit<MemberRequest, 'kind'>, options: MemberCallOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = new Call<void>(this.#parts, options.timeoutMs ?? TIMEOUT_MS, settle(resolve, reject))
      call.send(
        () => ({ kind: 'member', ...request }),
        (response) =>
          response.status === 'done' ? call.succeed(undefined) : call.fail(unexpected(response)),
      )
    })
  }
}

const of = (node: NodeId, options: { readonly force?: boolean } | undefined) => ({
  node,
  peerAddress: '',
  httpAddress: '',
  force: options?.force ?? false,
})

const settle =
  <Value>(resolve: (value: Value) => void, reject: (error: DureError) => void) =>
  (error: DureError | undefined, value: Value | undefined): void =>
    error === undefined ? resolve(value as Value) : reject(error)
