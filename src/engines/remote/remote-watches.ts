import type { GroupId } from '../../foundation/ids.ts'
import type { Endpoint } from '../../runtime/network.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { ChangesParcel, ErrorResponse, Parcel, Request, Response } from '../../wire/parcel/parcel.ts'
import { ParcelWriter } from '../../wire/parcel/parcel-writer.ts'
import { errorResponse } from '../client/error-response.ts'
import type { OpenWatch, WatchReceiver } from '../client/transport.ts'

interface RemoteWatch {
  readonly endpoint: Endpoint
  readonly received: WatchReceiver
  readonly ended: (reason: ErrorResponse) => void
}

export interface RemoteWatchesParts {
  readonly runtime: Runtime
  readonly group: GroupId
  /** Ids are shared with requests. */
  readonly nextId: () => number
  /** Where the next watch is opened. */
  readonly choose: () => Endpoint
  /** Served badly, or not at all: the next watch should be opened elsewhere. */
  readonly failed: (endpoint: Endpoint) => void
  readonly whyUnreachable: (endpoint: Endpoint) => ErrorResponse
}

/** The open watches of a client, each on the node that it was opened on. What a turn has for a node is one message. */
export class RemoteWatches {
  readonly #parts: RemoteWatchesParts
  readonly #open = new Map<number, RemoteWatch>()
  readonly #outgoing = new Map<Endpoint, ParcelWriter>()
  #isFlushing = false

  constructor(parts: RemoteWatchesParts) {
    this.#parts = parts
  }

  open(
    request: Extract<Request, { kind: 'watch' }>,
    received: WatchReceiver,
    ended: (reason: ErrorResponse) => void,
  ): OpenWatch {
    const { nextId, choose, group, failed } = this.#parts
    const id = nextId()
    const endpoint = choose()
    this.#open.set(id, { endpoint, received, ended })
    this.#send(endpoint, { type: 'request', id, group, timeoutMs: 0, hops: 0, request })
    return {
      allow: (allowedBytes) => {
        if (this.#open.has(id)) this.#send(endpoint, { type: 'watch', group, id, allowedBytes })
      },
      end: (isSilent = false) => {
        if (!this.#open.delete(id)) return
        if (isSilent) failed(endpoint)
        this.#send(endpoint, { type: 'watch', group, id, allowedBytes: 0 })
      },
    }
  }

  changes(from: Endpoint, { watches, batch }: ChangesParcel): void {
    for (const { id, sequence } of watches) {
      const watch = this.#open.get(id)
      if (watch?.endpoint === from) watch.received(sequence, batch)
      // We ended it, and the node did not hear.
      else this.#send(from, { type: 'watch', group: this.#parts.group, id, allowedBytes: 0 })
    }
  }

  /** False when the response is to no watch of ours. */
  answered(from: Endpoint, id: number, response: Response): boolean {
    const watch = this.#open.get(id)
    if (watch?.endpoint !== from) return false
    this.#open.delete(id)
    const reason = response.status === 'error' ? response : unexpected(response)
    if (reason.retryable) this.#parts.failed(from)
    watch.ended(reason)
    return true
  }

  disconnected(endpoint: Endpoint): void {
    const reason = 'the connection to the node was lost'
    this.#endAt(endpoint, errorResponse('unavailable', reason, { retryable: true }))
  }

  close(): void {
    const watches = [...this.#open.values()]
    this.#open.clear()
    for (const { ended } of watches) ended(errorResponse('closed', 'the client was closed'))
  }

  #endAt(endpoint: Endpoint, reason: ErrorResponse): void {
    let isFirst = true
    for (const [id, watch] of this.#open) {
      if (watch.endpoint !== endpoint) continue
      if (isFirst) this.#parts.failed(endpoint)
      isFirst = false
      this.#open.delete(id)
      watch.ended(reason)
    }
  }

  #send(endpoint: Endpoint, parcel: Parcel): void {
    let writer = this.#outgoing.get(endpoint)
    if (writer === undefined) this.#outgoing.set(endpoint, (writer = new ParcelWriter()))
    writer.add(parcel)
    if (this.#isFlushing) return
    this.#isFlushing = true
    this.#parts.runtime.soon(() => this.#flush())
  }

  #flush(): void {
    this.#isFlushing = false
    const outgoing = [...this.#outgoing]
    this.#outgoing.clear()
    for (const [endpoint, writer] of outgoing) {
      const outcome = this.#parts.runtime.network.send(endpoint, writer.take())
      if (outcome === 'unreachable') this.#endAt(endpoint, this.#parts.whyUnreachable(endpoint))
      if (outcome === 'full') {
        const message = 'the connection is full: slow down'
        this.#endAt(endpoint, errorResponse('overloaded', message, { retryable: true }))
      }
    }
  }
}

const unexpected = ({ status }: Response): ErrorResponse =>
  errorResponse('protocol', `the node answered a watch with '${status}': is it of another version?`)
