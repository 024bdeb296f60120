import { type GroupId, NODE_ID_MAX, type NodeId } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { Message } from '../../protocols/raft/message.ts'
import { type Endpoint, endpoint } from '../../runtime/network.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { ChangesParcel, Parcel, Request, Response } from '../../wire/parcel/parcel.ts'
import { ParcelWriter } from '../../wire/parcel/parcel-writer.ts'
import { errorResponse } from '../client/error-response.ts'
import type { OpenRequest, OpenRequests } from './requests/open-requests.ts'

/** A turn's parcels for one endpoint leave before they grow beyond this. */
const MESSAGE_BYTES_MAX = 1 << 20

interface Outbox {
  readonly to: Endpoint
  readonly writer: ParcelWriter
  /** Requests in this message that must be answered at once if it cannot leave. */
  forwards: number[]
  /** It waits for the end of the turn. */
  isFilled: boolean
}

/**
 * Where parcels go. Gathers all parcels of a turn for one endpoint into one message, and remembers the requests that
 * were passed on to a leader.
 */
export class Router {
  readonly #runtime: Runtime
  readonly #open: OpenRequests
  readonly #clogged: (to: Endpoint) => void
  readonly #outboxes = new Map<Endpoint, Outbox>()
  /** Of this turn, in the order in which they got their first parcel. */
  readonly #filled: Outbox[] = []
  readonly #forwarded = new Map<number, { readonly to: Endpoint; readonly open: OpenRequest }>()
  #lastForward: number

  /** `clogged` hears of an endpoint that could not take a message: what was in it is lost. */
  constructor(runtime: Runtime, open: OpenRequests, clogged: (to: Endpoint) => void = () => {}) {
    this.#runtime = runtime
    this.#open = open
    this.#clogged = clogged
    // Somewhere else in every life of this process: a leader must not take a request for a copy of an earlier life's.
    this.#lastForward = runtime.random.integer(1, 0xffff_ffff)
  }

  raft(group: GroupId, message: Message): void {
    this.#add(endpoint(message.to), { type: 'raft', group, message })
  }

  respond(to: Endpoint, id: number, response: Response): void {
    this.#add(to, { type: 'response', id, response })
  }

  changes(to: Endpoint, changes: ChangesParcel): void {
    this.#add(to, changes)
  }

  /** Passes a request on to the leader: one hop, with what is left of its time, without retry. */
  forward(to: NodeId, group: GroupId, request: Request, timeoutMs: number, open: OpenRequest): void {
    mark('node/forwarded')
    const id = ++this.#lastForward
    this.#forwarded.set(id, { to: endpoint(to), open })
    if (request.kind === 'command' || request.kind === 'member') open.outcomeOnTimeout = 'unknown'
    const outbox = this.#add(endpoint(to), { type: 'request', id, group, timeoutMs, hops: 1, request })
    outbox.forwards.push(id)
  }

  /** The answer to a request that was passed on; only the node that was asked can give it. */
  answered(from: Endpoint, id: number, response: Response): void {
    const forwarded = this.#forwarded.get(id)
    if (forwarded?.to !== from) return
    this.#forwarded.delete(id)
    this.#open.finish(forwarded.open, response)
  }

  /** A client's connection is gone: nothing more can be said to it. */
  forget(to: Endpoint): void {
    const outbox = this.#outboxes.get(to)
    if (outbox === undefined) return
    this.#outboxes.delete(to)
    outbox.isFilled = false
  }

  flush(): void {
    for (let i = 0; i < this.#filled.length; i++) {
      const outbox = this.#filled[i]!
      if (!outbox.isFilled) continue
      // Taken out first: what cannot leave is answered, perhaps to one that had its message already.
      outbox.isFilled = false
      this.#send(outbox)
    }
    this.#filled.length = 0
    this.#dropExpiredForwards()
  }

  #add(to: Endpoint, parcel: Parcel): Outbox {
    let outbox = this.#outboxes.get(to)
    if (outbox === undefined) {
      outbox = { to, writer: new ParcelWriter(), forwards: [], isFilled: false }
      this.#outboxes.set(to, outbox)
    }
    if (outbox.writer.sizeBytes >= MESSAGE_BYTES_MAX) this.#send(outbox)
    outbox.writer.add(parcel)
    if (!outbox.isFilled) {
      outbox.isFilled = true
      this.#filled.push(outbox)
    }
    return outbox
  }

  #send(outbox: Outbox): void {
    if (outbox.writer.isEmpty) return
    const outcome = this.#runtime.network.send(outbox.to, outbox.writer.take())
    // A client that is gone, and was answered afterwards, leaves nothing behind.
    if (outcome === 'unreachable' && outbox.to > NODE_ID_MAX) this.forget(outbox.to)
    if (outcome === 'full') this.#clogged(outbox.to)
    const { forwards } = outbox
    if (forwards.length === 0) return
    outbox.forwards = []
    if (outcome === 'accepted') return
    for (const id of forwards) {
      const message = `node ${outbox.to} leads but is ${outcome} from here: nothing was changed; try again`
      this.answered(
        outbox.to,
        id,
        errorResponse('unavailable', message, { retryable: true, leader: outbox.to }),
      )
    }
  }

  /** A forward whose request was answered by its deadline needs no entry any more. */
  #dropExpiredForwards(): void {
    if (this.#forwarded.size <= 2 * this.#open.size + 64) return
    const nowMs = this.#runtime.clock.monotonicMs()
    for (const [id, { open }] of this.#forwarded) {
      if (open.deadlineMs < nowMs) this.#forwarded.delete(id)
    }
  }
}
