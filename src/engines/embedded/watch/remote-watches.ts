import { NODE_ID_MAX } from '../../../foundation/ids.ts'
import type { Endpoint } from '../../../runtime/network.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { ChangeBatch } from '../../../wire/parcel/change-batch.ts'
import type { ErrorResponse, WatchParcel } from '../../../wire/parcel/parcel.ts'
import { errorResponse } from '../../client/error-response.ts'
import type { Router } from '../router.ts'
import type { WatchHub, WatchRequest } from './watch-hub.ts'
import type { Watcher, WatchOutlet } from './watcher.ts'

/** How long a connection that takes no more is left alone. */
const CLOGGED_MS = 500
/** Of one connection: a client that leaks them must not take those of all others. */
export const CONNECTION_WATCHES_MAX = 16_384

interface Held {
  readonly hub: WatchHub
  readonly watcher: Watcher
}

/** The watches of one connection. What many of them are given at a time travels once. */
class Connection implements WatchOutlet {
  readonly held = new Map<number, Held>()
  readonly #endpoint: Endpoint
  readonly #router: Router

  readonly #filled: Set<Connection>
  /** Waits for more that are given the same. */
  #batch: ChangeBatch | undefined
  #watches: { readonly id: number; readonly sequence: number }[] = []

  constructor(endpoint: Endpoint, router: Router, filled: Set<Connection>) {
    this.#endpoint = endpoint
    this.#router = router
    this.#filled = filled
  }

  changes(id: number, sequence: number, batch: ChangeBatch): void {
    if (batch !== this.#batch) {
      this.flush()
      this.#batch = batch
      this.#filled.add(this)
    }
    this.#watches.push({ id, sequence })
  }

  flush(): void {
    const batch = this.#batch
    if (batch === undefined) return
    const watches = this.#watches
    this.#batch = undefined
    this.#watches = []
    this.#router.changes(this.#endpoint, { type: 'changes', watches, batch })
  }

  ended(id: number, reason: ErrorResponse): void {
    this.flush()
    this.held.delete(id)
    this.#router.respond(this.#endpoint, id, reason)
  }
}

/** The watches that came over the network, by connection and the id of their request. */
export class RemoteWatches {
  readonly #runtime: Runtime
  readonly #router: Router
  readonly #connections = new Map<Endpoint, Connection>()
  /** Those with something that the router has not been given. */
  readonly #filled = new Set<Connection>()

  constructor(runtime: Runtime, router: Router) {
    this.#runtime = runtime
    this.#router = router
  }

  open(from: Endpoint, id: number, hub: WatchHub, request: WatchRequest): void {
    let connection = this.#connections.get(from)
    if (connection === undefined) {
      connection = new Connection(from, this.#router, this.#filled)
      this.#connections.set(from, connection)
    }
    // A copy that the network made.
    if (connection.held.has(id)) return
    if (connection.held.size >= CONNECTION_WATCHES_MAX) {
      const message = `${CONNECTION_WATCHES_MAX} watches are open on this connection: end some, or connect once more`
      return this.#router.respond(from, id, errorResponse('overloaded', message, { retryable: true }))
    }
    const watcher = hub.open(connection, id, request)
    if (watcher !== undefined) connection.held.set(id, { hub, watcher })
  }

  allow(from: Endpoint, { id, allowedBytes }: WatchParcel): void {
    const connection = this.#connections.get(from)
    const held = connection?.held.get(id)
    if (held === undefined) return
    if (allowedBytes === 0) connection!.held.delete(id)
    held.hub.allow(held.watcher, allowedBytes)
  }

  /** At the end of a turn. */
  flush(): void {
    for (const connection of this.#filled) connection.flush()
    this.#filled.clear()
  }

  /** The connection is gone. */
  forget(endpoint: Endpoint): void {
    const connection = this.#connections.get(endpoint)
    if (connection === undefined) return
    this.#filled.delete(connection)
    this.#connections.delete(endpoint)
    for (const { hub, watcher } of connection.held.values()) hub.end(watcher)
  }

  /**
   * The connection takes no more, and what was lost may have been changes: its watches are over. They are told a little
   * later; whoever misses that too finds out by the silence.
   */
  clogged(endpoint: Endpoint): void {
    const connection = this.#connections.get(endpoint)
    if (endpoint <= NODE_ID_MAX || connection === undefined || connection.held.size === 0) return
    const ids = [...connection.held.keys()]
    this.forget(endpoint)
    this.#runtime.timer(CLOGGED_MS, () => {
      const message =
        'the connection could not take the changes as fast as they came: go on from the last one'
      const reason = errorResponse('overloaded', message, { retryable: true, retryAfterMs: CLOGGED_MS })
      for (const id of ids) this.#router.respond(endpoint, id, reason)
      this.#router.flush()
    })
  }
}
