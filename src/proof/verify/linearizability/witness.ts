import { assert } from '../../../foundation/assert.ts'
import type { Operation } from '../history/operation.ts'
import type { Model } from './model.ts'
import { searchPartition } from './partition.ts'

/** The last steps of an order say why it ends; a person does not read the first thousand. */
const STEPS_SHOWN_MAX = 12
/** For each beginning that is tried. One that is not decided counts as fine, and the witness grows longer. */
const BUDGET_STEPS = 1_000_000

/**
 * The shortest beginning of an invalid history that is invalid, found by halving (what has no order has none when more
 * is added): an order of everything before its last return, and the operation that returned there and has no place.
 */
export function describeWitness<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  keys: readonly string[],
  model: Model<Input, Output>,
): string {
  const search = (end: number) =>
    searchPartition(beginning(operations, end, model), keys, model, BUDGET_STEPS)
  const returns = operations
    .filter(({ outcome }) => outcome === 'ok')
    .map((operation) => operation.return!)
    .sort((left, right) => left - right)
  let low = 0
  let high = returns.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (search(returns[middle]!).verdict === 'invalid') high = middle
    else low = middle + 1
  }
  const end = returns[low]!
  const blocked = operations.find((operation) => operation.outcome === 'ok' && operation.return === end)
  assert(blocked !== undefined, 'an invalid history ends with a return')

  const line = (operation: Operation<Input, Output>): string => {
    const until = operation.outcome === 'ok' && operation.return! <= end ? `${operation.return}` : 'open'
    return `  [${operation.call} … ${until}] client ${operation.process}: ${model.describe(operation)}`
  }
  const before = beginning(operations, end - 1, model)
  const result = search(end - 1)
  const lines = [
    `the history can be put in order until client ${blocked.process}'s call ${blocked.call} returns:`,
  ]
  const placed = new Set<Operation<Input, Output>>()
  if (result.verdict === 'valid') {
    const order = result.order.map((place) => before[place]!)
    for (const operation of order) placed.add(operation)
    if (order.length > STEPS_SHOWN_MAX)
      lines.push(`  … ${order.length - STEPS_SHOWN_MAX} operations before these`)
    lines.push(
      ...order.slice(-STEPS_SHOWN_MAX).map(line),
      `then the state is: ${result.stateText(result.state)}`,
    )
  }
  lines.push('and there is no place, in this or any other order, for:', line(blocked))
  const open = before.filter((operation) => operation.outcome === 'unknown' && !placed.has(operation))
  const others = open.filter((operation) => operation.call !== blocked.call)
  if (others.length > 0)
    lines.push('open at that time, and of no help:', ...others.slice(-STEPS_SHOWN_MAX).map(line))
  return lines.join('\n')
}

/** What was known just after the event `end`: what had not returned by then may have happened or not. */
function beginning<Input, Output>(
  operations: readonly Operation<Input, Output>[],
  end: number,
  model: Model<Input, Output>,
): Operation<Input, Output>[] {
  return operations.flatMap((operation): Operation<Input, Output>[] => {
    if (operation.call > end) return []
    if (operation.outcome !== 'ok' || operation.return! <= end) return [operation]
    return model.changes(operation.input) ? [{ ...operation, outcome: 'unknown', output: undefined }] : []
  })
}
