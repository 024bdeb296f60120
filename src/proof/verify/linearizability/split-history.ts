import type { History, Operation } from '../history/operation.ts'
import type { Specification } from './specification.ts'

/** Operations that share no object with those of another part. Plain data: it can be handed to a worker thread. */
export interface Part<Input, Output> {
  readonly keys: readonly string[]
  /** By call; without what cannot matter. */
  readonly operations: readonly Operation<Input, Output>[]
}

/**
 * The parts of a history that share no key: it is linearizable if and only if each of them is (Herlihy and Wing 1990,
 * "locality"). An operation on several keys joins their parts.
 */
export function partsOf<Input, Output>(
  history: History<Input, Output>,
  model: Pick<Specification<Input, Output>, 'keysOf' | 'observes'>,
): Part<Input, Output>[] {
  const operations = relevant(history, model)
  const parents = new Map<string, string>()
  const rootOf = (key: string): string => {
    let root = key
    for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent
    for (let at = key; at !== root; ) {
      const next = parents.get(at)!
      parents.set(at, root)
      at = next
    }
    return root
  }

  const keysOf = operations.map(({ input }) => model.keysOf(input))
  for (const keys of keysOf) {
    for (let i = 1; i < keys.length; i++) {
      const root = rootOf(keys[0]!)
      const other = rootOf(keys[i]!)
      if (root !== other) parents.set(other, root)
    }
  }

  const parts = new Map<string, { keys: Set<string>; operations: Operation<Input, Output>[] }>()
  for (const [i, operation] of operations.entries()) {
    const keys = keysOf[i]!
    if (keys.length === 0) continue
    const root = rootOf(keys[0]!)
    let part = parts.get(root)
    if (part === undefined) parts.set(root, (part = { keys: new Set(), operations: [] }))
    for (const key of keys) part.keys.add(key)
    part.operations.push(operation)
  }
  return [...parts.values()].map((part) => ({ keys: [...part.keys].sort(), operations: part.operations }))
}

/** By call: what happened, and what may have happened and would have changed something. */
function relevant<Input, Output>(
  history: History<Input, Output>,
  model: Pick<Specification<Input, Output>, 'observes'>,
): Operation<Input, Output>[] {
  return history
    .filter(
      ({ outcome, input }) =>
        outcome === 'ok' || (outcome === 'unknown' && !model.observes(input, undefined)),
    )
    .sort((left, right) => left.call - right.call)
}
