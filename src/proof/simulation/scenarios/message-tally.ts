import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { Message } from '../../../protocols/raft/message.ts'
import type { Endpoint, Network } from '../../../runtime/network.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Parcel } from '../../../wire/parcel/parcel.ts'
import { readParcels } from '../../../wire/parcel/parcel-reader.ts'
import { ParcelWriter } from '../../../wire/parcel/parcel-writer.ts'

export type MessageKind = Message['type']

/** What asks for something; the rest answers. */
const requestKinds: readonly MessageKind[] = [
  'vote-request',
  'append-request',
  'heartbeat',
  'snapshot-chunk',
  'timeout-now',
]

/** Whether a Raft message is lost; whatever travels with it is not. */
export type Loss = (from: NodeId, to: Endpoint, group: GroupId) => boolean

/** Holds messages back that carry a Raft message for which this gives more than 0. */
export type Slowness = (from: NodeId, to: Endpoint, message: Message) => number

/**
 * Counts what nodes send to one another, by kind, and can hold some of it back. Stands between a node and its runtime.
 *
 * ```ts
 * const tally = new MessageTally()
 * openNode(tally.watch(runtime, id), options, done)
 * tally.requests() // since the last `reset`
 * ```
 */
export class MessageTally {
  readonly #counts = new Map<MessageKind, number>()
  #bytes = 0
  #slowness: Slowness | undefined
  #loss: Loss | undefined

  /** Raft messages of these kinds, all kinds unless given. */
  count(...kinds: readonly MessageKind[]): number {
    let sum = 0
    for (const [kind, count] of this.#counts) if (kinds.length === 0 || kinds.includes(kind)) sum += count
    return sum
  }

  requests(): number {
    return this.count(...requestKinds)
  }

  /** Bytes of whole messages between nodes. */
  get bytes(): number {
    return this.#bytes
  }

  reset(): void {
    this.#counts.clear()
    this.#bytes = 0
  }

  /** From now on; undefined ends it. */
  slowDown(slowness: Slowness | undefined): void {
    this.#slowness = slowness
  }

  /** From now on; undefined ends it. */
  lose(loss: Loss | undefined): void {
    this.#loss = loss
  }

  watch(runtime: Runtime, id: NodeId): Runtime {
    const { network } = runtime
    const watched: Network = {
      onMessage: (handler) => network.onMessage(handler),
      onDisconnect: (handler) => network.onDisconnect(handler),
      connect: (address) => network.connect(address),
      disconnect: (to) => network.disconnect(to),
      setPeers: (peers, gone) => network.setPeers(peers, gone),
      isReachable: (to) => network.isReachable(to),
      send: (to, message) => {
        const left = this.#loss === undefined ? message : without(message, id, to, this.#loss)
        if (left.length === 0) return 'accepted'
        const delayMs = this.#look(id, to, left)
        if (delayMs === 0) return network.send(to, left)
        runtime.timer(delayMs, () => network.send(to, left))
        return 'accepted'
      },
    }
    return {
      clock: runtime.clock,
      random: runtime.random,
      disk: runtime.disk,
      network: watched,
      timer: (delayMs, fire) => runtime.timer(delayMs, fire),
      soon: (run) => runtime.soon(run),
      abort: (reason) => runtime.abort(reason),
    }
  }

  #look(from: NodeId, to: Endpoint, bytes: Uint8Array): number {
    let delayMs = 0
    let isBetweenNodes = false
    readParcels(bytes, (parcel: Parcel) => {
      if (parcel.type !== 'raft') return
      isBetweenNodes = true
      const { message } = parcel
      this.#counts.set(message.type, (this.#counts.get(message.type) ?? 0) + 1)
      delayMs = Math.max(delayMs, this.#slowness?.(from, to, message) ?? 0)
    })
    if (isBetweenNodes) this.#bytes += bytes.length
    return delayMs
  }
}

function without(bytes: Uint8Array, from: NodeId, to: Endpoint, loss: Loss): Uint8Array {
  const writer = new ParcelWriter()
  readParcels(bytes, (parcel) => {
    if (parcel.type !== 'raft' || !loss(from, to, parcel.group)) writer.add(parcel)
  })
  return writer.take()
}
