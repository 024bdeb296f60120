import type { RecordedHistory } from '../history/recorded-history.ts'
import type { Transaction } from '../transactions/transaction.ts'
import type { Budget } from '../verdict/budget.ts'
import { checkIsolation } from './check-isolation.ts'
import { IsolationHistory } from './history/isolation-history.ts'
import { isolationHistoryOf } from './history/isolation-history-of.ts'
import { type IsolationLevel, isolationLevels } from './isolation-level.ts'
import type { IsolationResult } from './isolation-result.ts'

export interface StrongestIsolation {
  /** The strongest level that certainly holds; undefined if none does. */
  readonly strongest: IsolationLevel | undefined
  /** One result for each level that was checked, the weakest first: up to the first that is not `valid`. */
  readonly results: readonly IsolationResult[]
}

/**
 * The strongest level of isolation that a history keeps to.
 *
 * ```ts
 * strongestIsolation(history).strongest // 'snapshot-isolation'
 * ```
 *
 * The budget is for each level. Where the last result is `unknown`, that level and those above it may hold as well.
 */
export function strongestIsolation(
  history: IsolationHistory | RecordedHistory | readonly Transaction[],
  options: { readonly budget?: Budget } = {},
): StrongestIsolation {
  const compact = history instanceof IsolationHistory ? history : isolationHistoryOf(history)
  const results: IsolationResult[] = []
  let strongest: IsolationLevel | undefined
  for (const consistency of isolationLevels) {
    const result = checkIsolation(compact, { ...options, consistency })
    results.push(result)
    if (result.verdict !== 'valid') break
    strongest = consistency
  }
  return { strongest, results }
}
