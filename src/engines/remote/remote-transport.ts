import { DureError, type ErrorCode } from '../../foundation/errors.ts'
import { type GroupId, groupId } from '../../foundation/ids.ts'
import type { Endpoint } from '../../runtime/network.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { ErrorResponse, Request, Response } from '../../wire/parcel/parcel.ts'
import { readParcels } from '../../wire/parcel/parcel-reader.ts'
import { ParcelWriter } from '../../wire/parcel/parcel-writer.ts'
import { errorResponse } from '../client/error-response.ts'
import type { OpenWatch, Transport, WatchReceiver } from '../client/transport.ts'
import { leaderAddressIn } from './leader-address.ts'
import { RemoteWatches } from './remote-watches.ts'

interface Waiting {
  readonly endpoint: Endpoint
  readonly changes: boolean
  readonly deadlineMs: number
  readonly done: (response: Response) => void
}

/** The server answers at the deadline; its answer gets this long to arrive. */
const GRACE_MS = 100
const SWEEP_INTERVAL_MS = 25
const FIND_LEADER_INTERVAL_MS = 2_000

export interface TransportOptions {
  /** Only the first address is ever asked, and passes on what it cannot answer. */
  readonly pinned?: boolean
  /** The system group unless said. */
  readonly group?: number
  /** Why the network got no connection lately, when it was told: another cluster, another version. */
  readonly lastProblem?: () => DureError | undefined
}

/**
 * Requests of a client to a cluster: to one node at a time, the leader as soon as an answer names it. All requests of
 * a turn travel in one message. A node that does not answer is left for the next address.
 */
export class RemoteTransport implements Transport {
  readonly #runtime: Runtime
  readonly #addresses: string[]
  /** Only this node is ever asked: what it cannot answer ends in its own error. */
  readonly #isPinned: boolean
  readonly #group: GroupId
  readonly #lastProblem: () => DureError | undefined
  /** Somebody has answered since. */
  #oldProblem: DureError | undefined
  readonly #endpoints = new Map<string, Endpoint>()
  /** The connection that a range in pages began on: its snapshot is held there, or where that node passes it on to. */
  readonly #snapshots = new Map<number, Endpoint>()
  readonly #writer = new ParcelWriter()
  readonly #waiting = new Map<number, Waiting>()
  readonly #watches: RemoteWatches
  #current = 0
  /** Where watches are opened, once one failed at the current address. */
  #watchesAt: number | undefined
  #gathered: number[] = []
  #lastId = 0
  #findLeaderAtMs = 0
  #isSweeping = false
  #isClosed = false

  constructor(runtime: Runtime, addresses: readonly string[], options: TransportOptions = {}) {
    if (addresses.length === 0) {
      throw new DureError(
        'invalid',
        'asked to connect without an address: name at least one node, like 127.0.0.1:7001',
      )
    }
    this.#runtime = runtime
    this.#addresses = [...addresses]
    this.#isPinned = options.pinned ?? false
    this.#group = groupId(options.group ?? 0)
    this.#lastProblem = options.lastProblem ?? (() => undefined)
    this.#watches = new RemoteWatches({
      runtime,
      group: this.#group,
      nextId: () => ++this.#lastId,
      choose: () => this.#endpoint(this.#addresses[this.#watchesAt ?? this.#current]!),
      failed: (at) => this.#watchElsewhere(at),
      whyUnreachable: (at) => {
        const [code, reason] = this.#whyUnreachable(this.#addressOf(at))
        return errorResponse(code, reason, { retryable: true })
      },
    })
    runtime.network.onMessage((from, message) => this.#receive(from, message))
    runtime.network.onDisconnect((from) => this.#disconnected(from))
  }

  request(request: Request, timeoutMs: number, done: (response: Response) => void): void {
    if (this.#isClosed) return done(errorResponse('closed', 'the client was closed'))
    if (request.kind === 'range' || request.kind === 'end-range') {
      const holder = this.#snapshots.get(request.snapshot)
      const endsPage = (response: Response): void => {
        if (!isMoreToCome(response)) this.#snapshots.delete(request.snapshot)
        done(response)
      }
      if (holder !== undefined && holder !== this.#currentEndpoint)
        return this.#requestOf(holder, request, timeoutMs, endsPage)
      if (holder !== undefined) return this.#gather(request, timeoutMs, endsPage)
    }
    this.#gather(request, timeoutMs, done)
    this.#findLeaderWhenDue()
  }

  /** On one node, and on another one after it failed; followers serve watches as well. */
  watch(
    request: Extract<Request, { kind: 'watch' }>,
    received: WatchReceiver,
    ended: (reason: ErrorResponse) => void,
  ): OpenWatch {
    if (this.#isClosed) {
      ended(errorResponse('closed', 'the client was closed'))
      return { allow: () => {}, end: () => {} }
    }
    return this.#watches.open(request, received, ended)
  }

  #gather(request: Request, timeoutMs: number, done: (response: Response) => void): void {
    const id = ++this.#lastId
    if (this.#gathered.length === 0) this.#runtime.soon(() => this.#flush())
    else if (this.#writer.sizeBytes >= MESSAGE_BYTES_MAX) this.#flush()
    this.#gathered.push(id)
    this.#waiting.set(id, {
      endpoint: this.#currentEndpoint,
      changes: isChange(request),
      deadlineMs: this.#runtime.clock.monotonicMs() + timeoutMs + GRACE_MS,
      done,
    })
    this.#writer.add({ type: 'request', id, group: this.#group, timeoutMs, hops: 0, request })
    if (!this.#isSweeping) this.#sweepLater()
  }

  /** A request for one certain node, in a message of its own. */
  #requestOf(
    endpoint: Endpoint,
    request: Request,
    timeoutMs: number,
    done: (response: Response) => void,
  ): void {
    const id = ++this.#lastId
    const deadlineMs = this.#runtime.clock.monotonicMs() + timeoutMs + GRACE_MS
    this.#waiting.set(id, { endpoint, changes: isChange(request), deadlineMs, done })
    const writer = new ParcelWriter()
    writer.add({ type: 'request', id, group: this.#group, timeoutMs, hops: 0, request })
    if (!this.#isSweeping) this.#sweepLater()
    this.#send(endpoint, writer.take(), [id])
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#watches.close()
    for (const endpoint of this.#endpoints.values()) this.#runtime.network.disconnect(endpoint)
    for (const id of [...this.#waiting.keys()]) this.#lost(id, 'the client was closed')
  }

  #flush(): void {
    const ids = this.#gathered
    if (ids.length === 0) return
    this.#gathered = []
    const message = this.#writer.take()
    // All of a message were gathered for one node: the current one changes only between messages.
    const first = ids.map((id) => this.#waiting.get(id)).find((waiting) => waiting !== undefined)
    if (first === undefined || this.#isClosed) return
    this.#send(first.endpoint, message, ids)
  }

  #send(to: Endpoint, message: Uint8Array, ids: readonly number[]): void {
    const outcome = this.#runtime.network.send(to, message)
    if (outcome === 'accepted') return
    const [code, reason] =
      outcome === 'full'
        ? (['overloaded', 'the connection is full: slow down'] as const)
        : this.#whyUnreachable(this.#addressOf(to))
    if (outcome === 'unreachable') this.#forgetSnapshots(to)
    for (const id of ids) this.#finish(id, errorResponse(code, reason, { retryable: true }))
    if (outcome === 'unreachable') this.#leave(to)
  }

  #receive(from: Endpoint, message: Uint8Array): void {
    this.#oldProblem = this.#lastProblem()
    try {
      readParcels(message, (parcel) => {
        if (parcel.type === 'changes') return this.#watches.changes(from, parcel)
        if (parcel.type !== 'response') return
        const { response } = parcel
        if (this.#watches.answered(from, parcel.id, response)) return
        if (response.status === 'error' && response.retryable) this.#learn(from, response)
        if (response.status === 'rows' && response.snapshot !== 0)
          this.#snapshots.set(response.snapshot, from)
        this.#finish(parcel.id, response)
      })
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      this.#disconnected(from)
      this.#hangUp(from)
    }
  }

  #learn(from: Endpoint, response: Extract<Response, { status: 'error' }>): void {
    if (this.#isPinned) return
    if (response.leaderAddress !== '') {
      this.#switchToAddress(response.leaderAddress)
    } else if (response.code === 'not-leader' || response.code === 'closed') {
      this.#leave(from)
    }
  }

  /**
   * A follower passes requests on, so a client that is connected to one works, a hop slower. Now and then, while there
   * is traffic, the client asks who leads and goes there.
   */
  #findLeaderWhenDue(): void {
    const nowMs = this.#runtime.clock.monotonicMs()
    if (this.#isPinned || nowMs < this.#findLeaderAtMs) return
    this.#findLeaderAtMs = nowMs + FIND_LEADER_INTERVAL_MS
    this.request({ kind: 'status' }, FIND_LEADER_INTERVAL_MS, (response) => {
      if (response.status !== 'json') return
      const address = leaderAddressIn(response.json)
      if (address !== undefined) this.#switchToAddress(address)
    })
  }

  #switchToAddress(address: string): void {
    const known = this.#addresses.indexOf(address)
    this.#switchTo(known >= 0 ? known : this.#addresses.push(address) - 1)
  }

  /** For good: another try needs another connection. */
  #hangUp(from: Endpoint): void {
    this.#runtime.network.disconnect(from)
    for (const [address, known] of this.#endpoints) if (known === from) this.#endpoints.delete(address)
  }

  #disconnected(from: Endpoint): void {
    this.#forgetSnapshots(from)
    this.#watches.disconnected(from)
    for (const [id, waiting] of this.#waiting) {
      if (waiting.endpoint === from) this.#lost(id, 'the connection to the node was lost')
    }
    this.#leave(from)
  }

  /** Whoever is asked next answers that the snapshot is gone, or passes the request on to where it is. */
  #forgetSnapshots(of: Endpoint): void {
    for (const [snapshot, holder] of this.#snapshots) if (holder === of) this.#snapshots.delete(snapshot)
  }

  #addressOf(endpoint: Endpoint): string {
    for (const [address, known] of this.#endpoints) if (known === endpoint) return address
    return 'the node'
  }

  #whyUnreachable(address: string): readonly [ErrorCode, string] {
    const problem = this.#lastProblem()
    if (problem === undefined || problem === this.#oldProblem)
      return ['unavailable', `${address} cannot be reached: is that node running?`]
    return [problem.code, problem.message]
  }

  /** The next address from now on, if this one is still the current. */
  #leave(from: Endpoint): void {
    if (this.#isPinned || this.#currentEndpoint !== from) return
    this.#switchTo((this.#current + 1) % this.#addresses.length)
  }

  #watchElsewhere(from: Endpoint): void {
    const at = this.#watchesAt ?? this.#current
    if (this.#isPinned || this.#endpoints.get(this.#addresses[at]!) !== from) return
    this.#watchesAt = (at + 1) % this.#addresses.length
  }

  #switchTo(current: number): void {
    if (current === this.#current) return
    // What was gathered is addressed to the node so far.
    this.#flush()
    this.#current = current
  }

  get #currentEndpoint(): Endpoint {
    return this.#endpoint(this.#addresses[this.#current]!)
  }

  #endpoint(address: string): Endpoint {
    let endpoint = this.#endpoints.get(address)
    if (endpoint === undefined) {
      endpoint = this.#runtime.network.connect(address)
      this.#endpoints.set(address, endpoint)
    }
    return endpoint
  }

  #finish(id: number, response: Response): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    waiting.done(response)
  }

  #lost(id: number, reason: string): void {
    const outcome = this.#waiting.get(id)?.changes ? 'unknown' : 'failed'
    this.#finish(id, errorResponse('unavailable', reason, { outcome, retryable: true }))
  }

  #sweepLater(): void {
    this.#isSweeping = true
    this.#runtime.timer(SWEEP_INTERVAL_MS, () => {
      this.#isSweeping = false
      const nowMs = this.#runtime.clock.monotonicMs()
      for (const [id, waiting] of this.#waiting) {
        if (waiting.deadlineMs > nowMs) continue
        const { endpoint, changes } = waiting
        const outcome = changes ? 'unknown' : 'failed'
        this.#finish(
          id,
          errorResponse('timeout', 'the node did not answer in time', { outcome, retryable: true }),
        )
        this.#leave(endpoint)
      }
      if (this.#waiting.size > 0 && !this.#isSweeping) this.#sweepLater()
    })
  }
}

/** A turn's requests leave before they grow beyond this. */
const MESSAGE_BYTES_MAX = 1 << 20

/** A page that another one follows, or that is asked for again. */
const isMoreToCome = (response: Response): boolean =>
  response.status === 'error' ? response.retryable : response.status === 'rows' && response.snapshot !== 0

const isChange = ({ kind }: Request): boolean => kind === 'command' || kind === 'member'
