import { sessionId } from '../../foundation/ids.ts'
import type {
  CommitResult,
  KeyRange,
  Stored,
  StoredRow,
  Transaction,
} from '../../ports/key-value/key-value-store.ts'
import { absent } from '../../ports/key-value/version.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { encodeCommand } from '../../wire/command/codec.ts'
import type { CommandOperation } from '../../wire/command/command.ts'
import type { ChangePlace, Consistency } from '../../wire/parcel/parcel.ts'
import { askForPlace } from './ask-for-place.ts'
import { ATTEMPT_MS_MAX, Call, type CallParts, type Done, unexpected } from './call.ts'
import { LeaseCalls } from './lease-calls.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { SessionWrites } from './session-writes.ts'
import { settle } from './settle.ts'
import { SeveredTransport } from './severed-transport.ts'
import type { Transport } from './transport.ts'
import { type WatchEvents, WatchStream } from './watch-stream.ts'

/** As the port's, with the ids of leases. */
export interface ClientTransaction extends Omit<Transaction, 'operations'> {
  readonly operations: readonly CommandOperation[]
}

export interface Page {
  readonly rows: readonly StoredRow[]
  readonly next: Uint8Array | undefined
  /** To be given with the request for the next page. */
  readonly snapshot: number
}

export interface PageRequest {
  readonly from: Uint8Array
  readonly to: Uint8Array | undefined
  readonly limit: number
  readonly consistency: Consistency
  readonly snapshot: number
}

/**
 * The client of a cluster, with callbacks: opens a session, numbers its writes, retries what may be retried until the
 * deadline, and tells `failed` from `unknown`. `ClientStore` puts promises around it.
 *
 * A write carries the same `(session, sequence)` in every attempt, so it happens once. What one attempt leaves
 * unknown, a later attempt may settle; without that, the whole call is unknown.
 */
export class Client {
  readonly leases: LeaseCalls
  readonly keeper: LeaseKeeper
  readonly #parts: CallParts
  readonly #writes: SessionWrites

  constructor(runtime: Runtime, transport: Transport) {
    this.#parts = { runtime, transport, isClosed: false }
    this.#writes = new SessionWrites(this.#parts)
    this.leases = new LeaseCalls(this.#parts, this.#writes)
    this.keeper = new LeaseKeeper(this.#parts)
  }

  get(key: Uint8Array, consistency: Consistency, timeoutMs: number, done: Done<Stored>): void {
    const call = new Call(this.#parts, timeoutMs, done)
    call.send(
      () => ({ kind: 'get', key, consistency }),
      (response) => {
        if (response.status !== 'value') return call.fail(unexpected(response))
        const { value, version } = response
        if (value === undefined) call.succeed({ exists: false, value, version: absent })
        else call.succeed({ exists: true, value, version })
      },
    )
  }

  page(request: PageRequest, timeoutMs: number, done: Done<Page>): void {
    const call = new Call(this.#parts, timeoutMs, done)
    call.send(
      () => ({ kind: 'range', ...request }),
      (response) => (response.status === 'rows' ? call.succeed(response) : call.fail(unexpected(response))),
    )
  }

  /** Lets the snapshot of an unfinished range go; best effort. */
  endRange(snapshot: number): void {
    const { isClosed, transport } = this.#parts
    if (!isClosed) transport.request({ kind: 'end-range', snapshot }, ATTEMPT_MS_MAX, () => {})
  }

  /** The place of now. */
  cursor(timeoutMs: number, done: Done<ChangePlace>): void {
    askForPlace(new Call(this.#parts, timeoutMs, done))
  }

  /** Not started: the caller says when. From the place of now unless said. */
  watch(
    range: KeyRange,
    from: ChangePlace | undefined,
    events: WatchEvents,
    windowBytes?: number,
  ): WatchStream {
    return new WatchStream(this.#parts, range, from, events, windowBytes)
  }

  commit(transaction: ClientTransaction, timeoutMs: number, done: Done<CommitResult>): void {
    const call = new Call(this.#parts, timeoutMs, done)
    const { idempotencyKey, comparisons = [], operations } = transaction
    if (idempotencyKey !== undefined) return commitWithKey(call, transaction, idempotencyKey)
    this.#writes.send(call, {
      command: ({ session, sequence, lowWater }) => ({
        kind: 'commit',
        logTimeMs: 0,
        session,
        sequence,
        lowWater,
        idempotencyKey: '',
        comparisons,
        operations,
      }),
      settle: (result) => settle(call, result),
    })
  }

  /** From now on nothing that is asked gets out. For tests of what others then see. */
  sever(): void {
    const { runtime, transport } = this.#parts
    this.#parts.transport = new SeveredTransport(runtime, transport)
  }

  close(): void {
    if (this.#parts.isClosed) return
    this.#parts.isClosed = true
    this.keeper.close()
    this.#parts.transport.close()
  }
}

/** Told apart by a key of the caller's, in any process and any session. */
function commitWithKey(
  call: Call<CommitResult>,
  transaction: ClientTransaction,
  idempotencyKey: string,
): void {
  const { comparisons = [], operations } = transaction
  const none = { session: sessionId(0), sequence: 0, lowWater: 0 }
  call.send(
    () => ({
      kind: 'command',
      command: encodeCommand({
        kind: 'commit',
        logTimeMs: 0,
        ...none,
        idempotencyKey,
        comparisons,
        operations,
      }),
    }),
    (response) =>
      response.status === 'command' ? settle(call, response.result) : call.fail(unexpected(response)),
  )
}
