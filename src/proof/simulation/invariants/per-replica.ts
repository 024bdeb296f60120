import type { GroupId, NodeId } from '../../../foundation/ids.ts'

/**
 * What an invariant remembers of each node's copy of each group. It is looked up after every event: two array accesses
 * instead of a key to put together and to hash.
 */
export class PerReplica<State> {
  readonly #byGroup: (State | undefined)[][] = []

  get(node: NodeId, group: GroupId): State | undefined {
    const byNode = this.#byGroup[group]
    return byNode === undefined ? undefined : byNode[node]
  }

  set(node: NodeId, group: GroupId, state: State): void {
    while (this.#byGroup.length <= group) this.#byGroup.push([])
    const byNode = this.#byGroup[group]!
    while (byNode.length <= node) byNode.push(undefined)
    byNode[node] = state
  }

  delete(node: NodeId, group: GroupId): void {
    const byNode = this.#byGroup[group]
    if (byNode !== undefined && node < byNode.length) byNode[node] = undefined
  }

  /** Of all groups: the node started again. */
  forget(node: NodeId): void {
    for (const byNode of this.#byGroup) if (node < byNode.length) byNode[node] = undefined
  }

  /** What is known of this node, one for each group. */
  *of(node: NodeId): Iterable<State> {
    for (const byNode of this.#byGroup) {
      const state = byNode[node]
      if (state !== undefined) yield state
    }
  }
}
