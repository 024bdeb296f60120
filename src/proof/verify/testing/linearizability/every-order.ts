import type { Operation } from '../../history/operation.ts'
import { type Model, refused } from '../../linearizability/model.ts'

export interface TriedOperation<Input, Output> extends Operation<Input, Output> {
  /** It need not happen; if it does, by `return`, where that is known. */
  readonly isFree: boolean
}

/** For tests: whether there is an order, by trying every choice of free operations in every order that time allows. */
export function hasOrder<State, Input, Output>(
  operations: readonly TriedOperation<Input, Output>[],
  model: Model<State, Input, Output>,
): boolean {
  const endOf = (operation: TriedOperation<Input, Output>) => operation.return ?? Number.POSITIVE_INFINITY
  const search = (
    left: readonly TriedOperation<Input, Output>[],
    state: State,
    latestCall: number,
  ): boolean => {
    const required = left.filter(({ isFree }) => !isFree)
    if (required.length === 0) return true
    const firstReturn = Math.min(...required.map(endOf))
    return left.some((operation) => {
      if (operation.call > firstReturn || endOf(operation) < latestCall) return false
      const { input, output, isFree, call } = operation
      const after = model.step(state, input, isFree ? undefined : output)
      if (after === refused) return false
      return search(
        left.filter((other) => other !== operation),
        after,
        Math.max(latestCall, call),
      )
    })
  }
  return search(operations, model.initial, -1)
}

/** The operations of a history as the checker takes them. */
export const asTried = <Input, Output>(
  history: readonly Operation<Input, Output>[],
): TriedOperation<Input, Output>[] =>
  history
    .filter(({ outcome }) => outcome !== 'failed')
    .map((operation) =>
      operation.outcome === 'ok'
        ? { ...operation, isFree: false }
        : { ...operation, isFree: true, return: undefined },
    )
