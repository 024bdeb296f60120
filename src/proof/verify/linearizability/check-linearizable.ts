import type { History, Operation } from '../history/operation.ts'
import type { Model } from './model.ts'
import { partition, searchPartition } from './partition.ts'
import { describeWitness } from './witness.ts'

export interface CheckOptions {
  /** How many placements to try before the answer is `unknown`: 20,000,000 unless said, some seconds. */
  readonly budgetSteps?: number
}

export type CheckResult =
  | { readonly verdict: 'valid'; readonly steps: number }
  /** The budget was used up in the partition of `key`, and no other partition was found to be invalid. */
  | { readonly verdict: 'unknown'; readonly steps: number; readonly key: string }
  /** `witness` is for a person: the shortest beginning of the history that has no order, and why. */
  | { readonly verdict: 'invalid'; readonly steps: number; readonly key: string; readonly witness: string }

const BUDGET_STEPS = 20_000_000

/**
 * Whether a history could have come from one copy of the object that does one operation at a time, each between its
 * call and its return (Herlihy and Wing 1990). Operations of unknown outcome take effect at any time after their call,
 * or never; failed ones never.
 *
 * ```ts
 * const result = checkLinearizable(recorder.history(), keyValueModel)
 * if (result.verdict === 'invalid') console.error(result.witness)
 * ```
 *
 * `invalid` is certain for what was recorded; `valid` likewise, but for what the model leaves out.
 */
export function checkLinearizable<Input, Output>(
  history: History<Input, Output>,
  model: Model<Input, Output>,
  { budgetSteps = BUDGET_STEPS }: CheckOptions = {},
): CheckResult {
  let steps = 0
  let exhausted: string | undefined
  for (const { keys, operations } of partition(relevant(history, model), model)) {
    const result = searchPartition(operations, keys, model, budgetSteps - steps)
    steps += result.steps
    if (result.verdict === 'invalid') {
      return {
        verdict: 'invalid',
        steps,
        key: keys.join(', '),
        witness: describeWitness(operations, keys, model),
      }
    }
    if (result.verdict === 'unknown') exhausted ??= keys.join(', ')
  }
  return exhausted === undefined ? { verdict: 'valid', steps } : { verdict: 'unknown', steps, key: exhausted }
}

/** By call: what happened, and what may have happened and would have changed something. */
function relevant<Input, Output>(
  history: History<Input, Output>,
  model: Model<Input, Output>,
): Operation<Input, Output>[] {
  return history
    .filter(({ outcome, input }) => outcome === 'ok' || (outcome === 'unknown' && model.changes(input)))
    .sort((left, right) => left.call - right.call)
}
