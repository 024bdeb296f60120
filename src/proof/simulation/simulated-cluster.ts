import type { Group, GroupObserver } from '../../engines/embedded/group.ts'
import { type EmbeddedNode, openNode } from '../../engines/embedded/node.ts'
import type { DureError } from '../../foundation/errors.ts'
import { type GroupId, type LogIndex, type NodeId, nodeId } from '../../foundation/ids.ts'
import { DiskError } from '../../runtime/disk.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { SimulatedProcess } from '../../runtime/simulated/simulated-process.ts'
import type { Simulation } from '../../runtime/simulated/simulation.ts'
import { DurableTables } from '../../storage/table/memory/durable-tables.ts'
import { MemoryTableStore } from '../../storage/table/memory/memory-table-store.ts'
import type { TableFaults } from '../../storage/table/memory/table-faults.ts'
import type { WireChange } from '../../wire/parcel/parcel.ts'
import { BrokenInvariant, type Invariant } from './invariants/invariant.ts'
import type { Scenario } from './scenario.ts'

export interface SimulatedNode {
  readonly id: NodeId
  readonly process: SimulatedProcess
  readonly tables: DurableTables
  /** While it is up and recovered. */
  node: EmbeddedNode | undefined
  /** It begins with nothing and is sent everything; else it begins as the founders did. */
  readonly joins: boolean
  /** It has opened its directory: from now on an empty one means that it forgot. */
  hasOpened: boolean
  /** Its disk was wiped or damaged: it must not start, and does not belong to the cluster any more. */
  lostItsData: boolean
  isReplaced: boolean
  /** Why it refused to start, if it did. */
  refused: DureError | undefined
}

/** What a cluster is made of: a `Scenario` is one, and so is what a single test asks for. */
export interface ClusterPlan extends Pick<Scenario, 'nodeCount' | 'raft' | 'storage'> {
  readonly groupCount?: number
  /** What can go wrong with tables; drawn for each incarnation unless given. */
  readonly tableFaults?: TableFaults
  /** Whether one that is drawn may fail to be written, true unless said. */
  readonly tablesFail?: boolean
  /** Stands between a node and its world: to count what it sends, or to hold some of it back. */
  readonly wrapRuntime?: (runtime: Runtime, id: NodeId) => Runtime
}

/** The nodes of a simulated cluster, watched by invariants. */
export class SimulatedCluster {
  readonly #world: Simulation
  readonly #plan: ClusterPlan
  readonly #invariants: readonly Invariant[]
  readonly #nodes: SimulatedNode[] = []

  constructor(world: Simulation, plan: ClusterPlan, invariants: readonly Invariant[]) {
    this.#world = world
    this.#plan = plan
    this.#invariants = invariants
    while (this.#nodes.length < plan.nodeCount) this.#addNode()
    world.onAbort((process, reason) => this.#aborted(process, reason))
  }

  get nodes(): readonly SimulatedNode[] {
    return this.#nodes
  }

  /** Those whose data is whole. */
  get alive(): readonly SimulatedNode[] {
    return this.#nodes.filter(({ lostItsData }) => !lostItsData)
  }

  get addresses(): readonly string[] {
    return this.alive.map(({ id }) => `node/${id}`)
  }

  start(): void {
    for (const node of this.nodes) node.process.start((runtime) => this.#main(node, runtime))
  }

  /**
   * Starts one more node. It knows the founders only and waits until a leader adds it. As a founder it may be made a voter
   * at once; one that begins `empty` learns even who the members were, and is made a learner first.
   */
  join(options: { readonly empty?: boolean } = {}): SimulatedNode {
    const node = this.#addNode(options.empty ?? false)
    node.process.start((runtime) => this.#main(node, runtime))
    return node
  }

  #addNode(joins = false): SimulatedNode {
    const id = nodeId(this.#nodes.length + 1)
    const node: SimulatedNode = {
      id,
      process: this.#world.spawn(`node ${id}`, { nodeId: id, promises: false }),
      tables: new DurableTables(),
      node: undefined,
      joins,
      hasOpened: false,
      lostItsData: false,
      isReplaced: false,
      refused: undefined,
    }
    this.#nodes.push(node)
    return node
  }

  /** All whose data is whole are up, recovered, and have applied the same. */
  get isConverged(): boolean {
    const applied = this.alive.map(({ node }) => node?.groups[0]?.appliedIndex)
    return applied[0] !== undefined && applied.every((index) => index === applied[0])
  }

  #main(simulated: SimulatedNode, given: Runtime): void {
    simulated.node = undefined
    for (const invariant of this.#invariants) invariant.restarted?.(simulated.id)
    const { nodeCount, groupCount = 1, raft, storage, wrapRuntime } = this.#plan
    const runtime = wrapRuntime?.(given, simulated.id) ?? given
    const faults = this.#plan.tableFaults ?? drawTableFaults(runtime, this.#plan.tablesFail ?? true)
    openNode(
      runtime,
      {
        clusterId: 'simulated',
        nodeId: simulated.id,
        members: [
          ...this.#nodes.slice(0, nodeCount).map(({ id }) => ({ node: id, address: `node/${id}` })),
          ...(simulated.joins ? [{ node: simulated.id, address: `node/${simulated.id}` }] : []),
        ],
        join: simulated.joins,
        // The directory is made once; a node that finds it empty later must not begin anew.
        initialize: !simulated.hasOpened,
        groupCount,
        openTables: (done) =>
          done(undefined, new MemoryTableStore({ runtime, durable: simulated.tables, faults })),
        raft,
        storage,
      },
      (error, node) => {
        simulated.refused = error
        simulated.node = node
        if (node !== undefined) {
          simulated.hasOpened = true
          for (const group of node.groups) this.#reloaded(simulated.id, group)
        }
        if (error !== undefined) this.#refused(simulated, error, runtime)
      },
      this.#observer(simulated.id),
    )
  }

  #refused(simulated: SimulatedNode, error: DureError, runtime: Runtime): void {
    if (error.cause instanceof BrokenInvariant) throw error.cause
    // A disk that fails while it is being read stops the node like one that fails later.
    if (error.cause instanceof DiskError) runtime.abort(error)
    if (simulated.lostItsData && (error.code === 'forgotten' || error.code === 'corrupt')) {
      // Its operator replaces the machine by a new one, under a new id.
      this.#world.after(0, () => simulated.process.retire())
      if (!simulated.isReplaced) this.#world.after(0, () => this.join())
      simulated.isReplaced = true
      return
    }
    throw new BrokenInvariant(
      'a node that lost nothing starts',
      `node ${simulated.id} refused: ${error.message}`,
    )
  }

  #aborted(process: SimulatedProcess, reason: Error): void {
    const simulated = this.nodes.find((node) => node.process === process)
    if (simulated !== undefined) simulated.node = undefined
    if (reason instanceof DiskError || reason.cause instanceof DiskError) return
    throw new BrokenInvariant('only a failed disk stops a node', `${process.name} stopped: ${reason.message}`)
  }

  #reloaded(node: NodeId, group: Group): void {
    for (const invariant of this.#invariants) invariant.reloaded?.(node, group)
  }

  #hooks<Hook extends keyof Hooks>(name: Hook): readonly Hooks[Hook][] {
    return this.#invariants.flatMap((invariant) => {
      const hook = invariant[name]
      return hook === undefined ? [] : [hook.bind(invariant) as Hooks[Hook]]
    })
  }

  #observer(node: NodeId): GroupObserver {
    // Looked up once: invariants are many, each another class, and called after every event.
    const stepped = this.#hooks('stepped')
    const sent = this.#hooks('sent')
    const persisted = this.#hooks('persisted')
    const applied = this.#hooks('applied')
    const changed = this.#hooks('changed')
    const installed = this.#hooks('installed')
    return {
      stepped(group, raft) {
        for (let i = 0; i < stepped.length; i++) stepped[i]!(node, group, raft)
      },
      sent(group, message) {
        for (let i = 0; i < sent.length; i++) sent[i]!(node, group, message)
      },
      persisted(group, hardState, entries) {
        for (let i = 0; i < persisted.length; i++) persisted[i]!(node, group, hardState, entries)
      },
      applied(group, entry, result) {
        for (let i = 0; i < applied.length; i++) applied[i]!(node, group, entry, result)
      },
      ...(changed.length > 0 && {
        changed: (group: GroupId, index: LogIndex, changes: readonly WireChange[]) => {
          for (let i = 0; i < changed.length; i++) changed[i]!(node, group, index, changes)
        },
      }),
      installed: (group, index) => {
        for (let i = 0; i < installed.length; i++) installed[i]!(node, group, index)
        const of = this.#nodes[node - 1]!.node?.groups[group]
        if (of !== undefined) this.#reloaded(node, of)
      },
    }
  }
}

type Hooks = Required<Pick<Invariant, 'stepped' | 'sent' | 'persisted' | 'applied' | 'changed' | 'installed'>>

/** Mostly quick, sometimes a stall; snapshots of several chunks out of small tables; now and then a failed flush. */
function drawTableFaults(runtime: Runtime, mayFail: boolean): TableFaults {
  const { random } = runtime
  const chunkBytes = random.integer(64, 2_048)
  const failureProbability = random.next() < 0.2 ? 0.01 : 0
  return {
    delayMs: () => (random.next() < 0.02 ? random.integer(100, 2_000) : 1 + 9 * random.next()),
    flushError: () =>
      random.next() < failureProbability && mayFail
        ? new DiskError('failed', 'table', 'the table cannot be written')
        : undefined,
    chunkBytes,
  }
}
