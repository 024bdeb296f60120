import type { Random } from '../../../runtime/random.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Cut, LinkDisturbance } from '../../chaos/nemesis/cluster-under-test.ts'
import type { Message } from '../protocol/message.ts'
import { drawLatencyMs, type LatencyDistribution } from './latency.ts'
import { MessageCounter, type MessageStatistics } from './message-statistics.ts'

export interface MessageNetworkOptions {
  /** Of messages between nodes and to services; clients sit beside the node that they talk to. */
  readonly latencyMs: number
  readonly distribution: LatencyDistribution
  readonly random: Random
  /** Sees each message as it is sent, and as it is received, which may be never or twice. */
  readonly onMessage?: ((event: 'sent' | 'received', id: number, message: Message) => void) | undefined
}

export type MemberKind = 'node' | 'client' | 'service'

/**
 * Carries messages between nodes, clients and services, late, out of order, or not at all.
 *
 * ```ts
 * const network = new MessageNetwork(runtime, { latencyMs: 10, distribution: 'exponential', random })
 * network.attach('n1', 'node', (message) => child.write(message))
 * network.send({ src: 'c1', dest: 'n1', body: { type: 'read', msg_id: 1 } })
 * ```
 *
 * Faults strike between nodes alone: clients and services are always reached. A message under way when its link is cut
 * is lost when it arrives while the cut lasts.
 */
export class MessageNetwork {
  readonly #runtime: Runtime
  readonly #options: MessageNetworkOptions
  readonly #members = new Map<string, Member>()
  /** Clients that have hung up: what is still sent to them is lost, and no mistake. */
  readonly #gone = new Set<string>()
  readonly #counter = new MessageCounter()
  /** Senders from whom a node hears nothing, by that node. */
  #cuts = new Map<string, ReadonlySet<string>>()
  #disturbance: LinkDisturbance = {}
  /** What arrives in this turn, in the order in which it was sent. */
  #due: Delivery[] = []
  #nextId = 0

  constructor(runtime: Runtime, options: MessageNetworkOptions) {
    this.#runtime = runtime
    this.#options = options
  }

  get statistics(): MessageStatistics {
    return this.#counter.statistics
  }

  attach(name: string, kind: MemberKind, receive: (message: Message) => void): void {
    this.#members.set(name, { kind, receive })
  }

  detach(name: string): void {
    if (this.#members.delete(name)) this.#gone.add(name)
  }

  /** Replaces what was cut before. */
  cut(cuts: readonly Cut[]): void {
    const deaf = new Map<string, Set<string>>()
    for (const { from, to } of cuts) {
      const to_ = deaf.get(to)
      if (to_ === undefined) deaf.set(to, new Set([from]))
      else to_.add(from)
    }
    this.#cuts = deaf
  }

  disturb(disturbance: LinkDisturbance | undefined): void {
    this.#disturbance = disturbance ?? {}
  }

  /** `nobody`: there is and was nobody of that name. */
  send(message: Message): 'sent' | 'nobody' {
    const source = this.#members.get(message.src)
    const destination = this.#members.get(message.dest)
    if (destination === undefined && !this.#gone.has(message.dest)) return 'nobody'
    const isOfClient = source?.kind === 'client' || destination === undefined || destination.kind === 'client'
    const id = this.#nextId++
    this.#counter.count('sent', isOfClient)
    this.#options.onMessage?.('sent', id, message)
    if (destination === undefined) return 'sent'
    const { random, distribution, latencyMs } = this.#options
    const delivery = { id, message, isOfClient }
    if (isOfClient) return this.#deliverAfter(0, delivery)
    const meanMs = drawLatencyMs(distribution, latencyMs, random)
    if (source?.kind !== 'node' || destination.kind !== 'node') return this.#deliverAfter(meanMs, delivery)
    const {
      nodes,
      lossProbability = 0,
      duplicateProbability = 0,
      reorderProbability = 0,
      delayMs = 0,
    } = this.#disturbance
    if (nodes !== undefined && !nodes.includes(message.src)) return this.#deliverAfter(meanMs, delivery)
    if (lossProbability > 0 && random.next() < lossProbability) return 'sent'
    const isHeldBack = reorderProbability === 0 || random.next() < reorderProbability
    const delayedMs = meanMs + (delayMs > 0 && isHeldBack ? delayMs * (0.5 + random.next()) : 0)
    if (duplicateProbability > 0 && random.next() < duplicateProbability)
      this.#deliverAfter(delayedMs + 20 * random.next(), delivery)
    return this.#deliverAfter(delayedMs, delivery)
  }

  #deliverAfter(delayMs: number, delivery: Delivery): 'sent' {
    if (delayMs > 0) {
      this.#runtime.timer(delayMs, () => this.#deliver(delivery))
    } else {
      this.#due.push(delivery)
      if (this.#due.length === 1) this.#runtime.soon(() => this.#deliverDue())
    }
    return 'sent'
  }

  #deliverDue(): void {
    const due = this.#due
    this.#due = []
    for (const delivery of due) this.#deliver(delivery)
  }

  #deliver({ id, message, isOfClient }: Delivery): void {
    const member = this.#members.get(message.dest)
    if (member === undefined || this.#cuts.get(message.dest)?.has(message.src)) return
    this.#counter.count('received', isOfClient)
    this.#options.onMessage?.('received', id, message)
    member.receive(message)
  }
}

interface Member {
  readonly kind: MemberKind
  readonly receive: (message: Message) => void
}

interface Delivery {
  readonly id: number
  readonly message: Message
  readonly isOfClient: boolean
}
