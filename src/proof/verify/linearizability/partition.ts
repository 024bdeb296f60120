import type { Operation } from '../history/operation.ts'
import type { Model } from './model.ts'
import { type SearchResult, searchLinearization } from './search.ts'

export interface Partition<Input, Output> {
  readonly keys: readonly string[]
  readonly operations: readonly Operation<Input, Output>[]
}

/**
 * Parts of a history that share no key: it is linearizable if and only if each of them is (Herlihy and Wing 1990,
 * "locality"). An operation on several keys joins their parts.
 */
export function partition<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  model: Model<Input, Output>,
): Partition<Input, Output>[] {
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

export function searchPartition<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  keys: readonly string[],
  model: Model<Input, Output>,
  budgetSteps: number,
): SearchResult<unknown> & { readonly stateText: (state: unknown) => string } {
  const compiled = model.compile(operations, keys)
  const intervals = operations.map((operation) => ({
    call: operation.call,
    returned: operation.outcome === 'ok' ? operation.return : undefined,
  }))
  return {
    ...searchLinearization(intervals, compiled, budgetSteps),
    stateText: (state) => compiled.describe(state),
  }
}
