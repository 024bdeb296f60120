import { assert } from '../../../../foundation/assert.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import type { ElementKey } from '../client-operations.ts'
import type { Access } from './accesses.ts'
import { type SessionGuarantee, sessionGuarantees } from './guarantee.ts'

/** That one write has to be older than another, for a guarantee to hold. */
export interface Edge {
  readonly from: number
  readonly to: number
  readonly guarantee: SessionGuarantee
  /** The operation that asks for it: the later of the session's two. */
  readonly because: RecordedOperation
}

/**
 * What the guarantees ask of the order of the versions of one object, when the history does not tell it. They can hold
 * together exactly when these edges have no cycle: any order along them will do.
 *
 * Most edges start at nodes that stand for what a session has written, or read, so far: there is one such node for each
 * access, which the one before leads to, so the graph grows with the history and not with its square.
 */
export class VersionOrder {
  readonly edges: Edge[] = []
  /** The write of each node; undefined of the nodes that stand for what a session knows. */
  readonly writes: (Access | undefined)[] = []
  /** True when some edges were left out, for there would have been too many. */
  isIncomplete = false
  readonly #nodes = new Map<ElementKey, number>()
  #ownOlder = 0

  static readonly ownOlderMax = 2_000_000

  nodeOf(id: ElementKey): number | undefined {
    return this.#nodes.get(id)
  }

  addWrite(write: Access): void {
    assert(!this.#nodes.has(write.id), 'each value of an object is written once')
    this.#nodes.set(write.id, this.writes.length)
    this.writes.push(write)
  }

  addKnowledge(): number {
    return this.writes.push(undefined) - 1
  }

  add(from: number, to: number, guarantee: SessionGuarantee, because: RecordedOperation): void {
    if (from !== to) this.edges.push({ from, to, guarantee, because })
  }

  /** Room for an edge of the one kind whose number may grow with the square: to an own write from own later ones. */
  hasRoom(): boolean {
    this.isIncomplete ||= this.#ownOlder++ >= VersionOrder.ownOlderMax
    return !this.isIncomplete
  }
}

/** What one session did to the object so far. */
interface Session {
  /** Nodes of its acknowledged writes, oldest first, and behind each the node of all up to it. */
  readonly written: { readonly node: number; readonly upTo: number }[]
  readonly places: Map<number, number>
  /** Up to which of its own writes edges lead to each that it read again. */
  readonly ownOlder: Map<number, number>
  lastRead: number | undefined
  /** The node of all that it read. */
  readUpTo: number | undefined
}

/** The edges that some guarantees ask for; reads of the initial state are not among the accesses. */
export function orderOf(
  accesses: readonly Access[],
  guarantees: ReadonlySet<SessionGuarantee>,
): VersionOrder {
  const order = new VersionOrder()
  for (const access of accesses) if (access.kind === 'write') order.addWrite(access)
  const sessions = new Map<number | string, Session>()
  for (const access of accesses) {
    let session = sessions.get(access.session)
    if (session === undefined) {
      session = {
        ...{ written: [], places: new Map(), ownOlder: new Map() },
        ...{ lastRead: undefined, readUpTo: undefined },
      }
      sessions.set(access.session, session)
    }
    const node = order.nodeOf(access.id)
    if (node === undefined) continue
    if (access.kind === 'read') addRead(order, session, node, access.operation, guarantees)
    else addWrite(order, session, node, access.operation, guarantees)
  }
  return order
}

function addRead(
  order: VersionOrder,
  session: Session,
  found: number,
  because: RecordedOperation,
  guarantees: ReadonlySet<SessionGuarantee>,
): void {
  const { written } = session
  if (guarantees.has('read-your-writes') && written.length > 0) {
    const own = session.places.get(found)
    if (own === undefined) order.add(written.at(-1)!.upTo, found, 'read-your-writes', because)
    else {
      // Its own write: the others of the session are older, but not the write itself.
      if (own > 0) order.add(written[own - 1]!.upTo, found, 'read-your-writes', because)
      for (let at = (session.ownOlder.get(found) ?? own) + 1; at < written.length; at++) {
        if (!order.hasRoom()) break
        order.add(written[at]!.node, found, 'read-your-writes', because)
      }
      session.ownOlder.set(found, written.length - 1)
    }
  }
  if (guarantees.has('monotonic-reads') && session.lastRead !== undefined)
    order.add(session.lastRead, found, 'monotonic-reads', because)
  if (guarantees.has('writes-follow-reads') && session.lastRead !== found) {
    const upTo = order.addKnowledge()
    order.add(found, upTo, 'writes-follow-reads', because)
    if (session.readUpTo !== undefined) order.add(session.readUpTo, upTo, 'writes-follow-reads', because)
    session.readUpTo = upTo
  }
  session.lastRead = found
}

function addWrite(
  order: VersionOrder,
  session: Session,
  node: number,
  because: RecordedOperation,
  guarantees: ReadonlySet<SessionGuarantee>,
): void {
  const last = session.written.at(-1)
  if (guarantees.has('monotonic-writes') && last !== undefined)
    order.add(last.node, node, 'monotonic-writes', because)
  if (guarantees.has('writes-follow-reads') && session.readUpTo !== undefined)
    order.add(session.readUpTo, node, 'writes-follow-reads', because)
  // What is not acknowledged may take effect after anything that the session does later.
  if (because.outcome !== 'ok') return
  session.places.set(node, session.written.length)
  let upTo = node
  if (guarantees.has('read-your-writes') && last !== undefined) {
    upTo = order.addKnowledge()
    order.add(node, upTo, 'read-your-writes', because)
    order.add(last.upTo, upTo, 'read-your-writes', because)
  }
  session.written.push({ node, upTo })
}

/** All sets of the guarantees, smaller ones first: what breaks alone is not told as broken together. */
export function guaranteeSets(
  among: ReadonlySet<SessionGuarantee>,
): readonly (readonly SessionGuarantee[])[] {
  const all = sessionGuarantees.filter((guarantee) => among.has(guarantee))
  const sets = Array.from({ length: 2 ** all.length }, (_, bits) =>
    all.filter((_, at) => (bits & (1 << at)) !== 0),
  )
  return sets.filter((set) => set.length > 0).sort((a, b) => a.length - b.length)
}
