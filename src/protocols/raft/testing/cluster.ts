import { assert, unreachable } from '../../../foundation/assert.ts'
import { type NodeId, nodeId } from '../../../foundation/ids.ts'
import type { RaftConfig } from '../config.ts'
import type { Effect, Role } from '../effect.ts'
import type { RaftEvent } from '../event.ts'
import type { Membership, MembershipChange } from '../membership.ts'
import type { Message } from '../message.ts'
import { Safety } from './safety.ts'
import { applyEntry, emptyTable } from './state-machine.ts'
import { testConfig } from './test-config.ts'
import { TestDisk, TestNode } from './test-node.ts'

export type Answer = Extract<Effect, { type: 'proposed' | 'refused' | 'read' }>

export interface ClusterOptions {
  readonly voters?: number
  readonly config?: Partial<RaftConfig>
  /** Called with all that a step gave. */
  readonly observe?: (node: TestNode, event: RaftEvent, effects: readonly Effect[]) => void
}

/**
 * A few cores wired together in memory, with the network, the disks and the clock in the test's hands. The safety
 * invariants are checked after every step.
 */
export class Cluster {
  readonly nodes = new Map<NodeId, TestNode>()
  readonly network: Message[] = []
  readonly answers = new Map<number, Answer>()
  readonly safety = new Safety(this.nodes)
  nowMs = 0
  #token = 0
  readonly #options: ClusterOptions
  readonly #founders: readonly NodeId[]

  constructor(options: ClusterOptions = {}) {
    this.#options = options
    this.#founders = Array.from({ length: options.voters ?? 3 }, (_, i) => nodeId(i + 1))
    for (const id of this.#founders) this.add(id)
  }

  /** A node that starts empty. Also one that is to join knows whom the group was founded with: the log goes on from there. */
  add(id: NodeId, voters: readonly NodeId[] = this.#founders, config: Partial<RaftConfig> = {}): TestNode {
    // Without luck each node waits a time of its own; a test that wants chance passes `random`.
    const random = () => (id - 1) / 16
    const disk = new TestDisk(emptyTable(membershipOf(voters)))
    const node = new TestNode({ ...testConfig, random, ...this.#options.config, ...config, id }, disk)
    this.nodes.set(id, node)
    this.step(id, { type: 'tick', nowMs: this.nowMs })
    return node
  }

  node(id: number): TestNode {
    const node = this.nodes.get(nodeId(id))
    assert(node !== undefined, 'the node that a test names exists')
    return node
  }

  /** The leader of the highest term. */
  get leader(): TestNode | undefined {
    let found: TestNode | undefined
    for (const node of this.nodes.values()) {
      if (node.isUp && node.raft.role === 'leader' && node.raft.term >= (found?.raft.term ?? 0)) found = node
    }
    return found
  }

  roles(): readonly Role[] {
    return [...this.nodes.values()].map((node) => node.raft.role)
  }

  step(id: number, event: RaftEvent): readonly Effect[] {
    const node = this.node(id)
    if (!node.isUp) return []
    const before = this.safety.before(node)
    const effects = node.raft.step(event)
    for (const effect of effects) this.#carryOut(node, effect)
    this.safety.after(node, before, effects)
    this.#options.observe?.(node, event, effects)
    return effects
  }

  tick(id: number): readonly Effect[] {
    return this.step(id, { type: 'tick', nowMs: this.nowMs })
  }

  /** Moves time and wakes whom it is time to wake, but for one that stands still. */
  advance(byMs: number, paused?: NodeId): void {
    this.nowMs += byMs
    for (const node of this.nodes.values()) {
      if (node.isUp && node.id !== paused && node.deadlineMs <= this.nowMs) this.tick(node.id)
    }
  }

  propose(id: number, ...commands: readonly Uint8Array[]): number {
    const token = ++this.#token
    this.step(id, { type: 'propose', nowMs: this.nowMs, token, commands })
    return token
  }

  read(id: number): number {
    const token = ++this.#token
    this.safety.readBegins(token)
    this.step(id, { type: 'read', nowMs: this.nowMs, token })
    return token
  }

  change(id: number, change: MembershipChange): number {
    const token = ++this.#token
    this.step(id, { type: 'change-membership', nowMs: this.nowMs, token, change })
    return token
  }

  transfer(from: number, to: number): void {
    this.step(from, { type: 'transfer-leadership', nowMs: this.nowMs, to: nodeId(to) })
  }

  compact(id: number, keepBytes = 0): void {
    const node = this.node(id)
    node.flushTable()
    this.step(id, { type: 'compact', nowMs: this.nowMs, index: node.disk.table.index, keepBytes })
  }

  persist(id: number, count?: number): void {
    const answer = this.node(id).writeLog(this.nowMs, count)
    if (answer !== undefined) this.step(id, answer)
  }

  workOnTable(id: number): boolean {
    const node = this.node(id)
    const answer = node.workOnTable(this.nowMs)
    if (answer === undefined) return false
    if (answer.type === 'snapshot-installed') this.safety.applied(node)
    this.step(id, answer)
    return true
  }

  /** Delivers the message at a place in the network. */
  deliverAt(position: number): void {
    const [message] = this.network.splice(position, 1)
    if (message === undefined || !this.nodes.has(message.to)) return
    this.step(message.to, { type: 'message', nowMs: this.nowMs, message })
  }

  /** Delivers, writes and works until nothing is left to do. Messages that `loses` names are lost. */
  settle(loses: (message: Message) => boolean = () => false): void {
    for (let rounds = 0; rounds < 10_000; rounds++) {
      let busy = false
      while (this.network.length > 0) {
        busy = true
        if (loses(this.network[0]!)) this.network.shift()
        else this.deliverAt(0)
      }
      for (const node of this.nodes.values()) {
        if (!node.isUp) continue
        if (node.logWrites.length > 0) busy = true
        this.persist(node.id)
        while (this.workOnTable(node.id)) busy = true
      }
      if (!busy) return
    }
    throw new Error('the cluster does not come to rest')
  }

  /** Lets only the time of one node pass, until it stands. */
  stand(id: number): void {
    const node = this.node(id)
    this.nowMs += 2 * testConfig.electionTimeoutMs
    for (let ticks = 0; ticks < 5; ticks++) {
      this.tick(id)
      if (node.raft.role !== 'follower') return
      this.nowMs = Math.max(this.nowMs, node.deadlineMs)
    }
  }

  /** Makes a node campaign, and settles. */
  elect(id: number): void {
    this.stand(id)
    this.settle()
    assert(this.leader?.id === id, 'the node that was to be elected leads')
  }

  /** Lets time pass in steps, settling after each. */
  run(forMs: number, loses?: (message: Message) => boolean): void {
    for (const end = this.nowMs + forMs; this.nowMs < end; ) {
      this.advance(10)
      this.settle(loses)
    }
  }

  crash(id: number, written = 0): void {
    this.node(id).crash(written)
  }

  restart(id: number): void {
    const node = this.node(id)
    node.restart()
    this.tick(id)
  }

  #carryOut(node: TestNode, effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.network.push(effect.message)
        return
      case 'persist':
      case 'compacted':
        node.logWrites.push(effect)
        return
      case 'apply':
        for (const entry of effect.entries) {
          assert(entry.index === node.table.index + 1, 'entries are applied in order, each once')
          node.table = applyEntry(node.table, entry, node.raft.membership)
          this.safety.applied(node)
        }
        return
      case 'proposed':
      case 'refused':
      case 'read':
        assert(!this.answers.has(effect.token), 'a request is answered once')
        this.answers.set(effect.token, effect)
        return
      case 'deadline':
        node.deadlineMs = effect.atMs
        return
      case 'read-snapshot':
      case 'write-snapshot':
      case 'install-snapshot':
        node.tableWork.push(effect)
        return
      case 'snapshot-done':
        node.snapshotDone(effect.to)
        return
      case 'role':
      case 'membership':
        return
      default:
        unreachable(effect)
    }
  }
}

export const membershipOf = (voters: readonly NodeId[]): Membership => ({
  voters,
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
})
