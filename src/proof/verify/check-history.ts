import { unreachable } from '../../foundation/assert.ts'
import { linearizabilityModel, withKeysApart } from './catalogue/linearizability-model.ts'
import { type CheckRequest, type NamedCheck, nameCheck } from './catalogue/named-check.ts'
import { runSingleCheck } from './catalogue/single-checks.ts'
import type { RecordedHistory } from './history/recorded-history.ts'
import { checkIsolation } from './isolation/check-isolation.ts'
import type { IsolationHistory } from './isolation/history/isolation-history.ts'
import { levelTitle } from './isolation/isolation-level.ts'
import { strongestIsolation } from './isolation/strongest-isolation.ts'
import { checkLinearizable } from './linearizability/check-linearizable.ts'
import { checkTransactions } from './transactions/check-transactions.ts'
import type { Budget } from './verdict/budget.ts'
import type { CheckResult } from './verdict/verdict.ts'

export interface CheckHistoryOptions extends CheckRequest {
  readonly budget?: Budget
}

/**
 * Any check by its name, as `dure check` does it.
 *
 * ```ts
 * const { verdict, summary, anomalies } = checkHistory(readHistory('bank.edn'), { model: 'bank' })
 * ```
 *
 * The functions of the single checks say more of what they found in their types. Errors: `invalid` for a model, a level or
 * an option that is not known.
 */
export function checkHistory(history: RecordedHistory, options: CheckHistoryOptions = {}): CheckResult {
  return runNamedCheck(history, nameCheck(options, history), options.budget)
}

/** The same for a check that is named already. */
export function runNamedCheck(history: RecordedHistory, check: NamedCheck, budget: Budget = {}): CheckResult {
  switch (check.family) {
    case 'linearizability':
      return checkLinearizable(withKeysApart(history, check), linearizabilityModel(check)!, { budget })
    case 'transactions':
      return checkTransactions(history, {
        workload: check.name as 'list-append' | 'rw-register',
        ...(check.consistency !== undefined && { consistency: check.consistency }),
        ...(check.initial !== undefined && { initial: check.initial }),
        ...check.settings,
        budget,
      })
    case 'isolation':
      return checkLevel(history, check.consistency, budget)
    case 'single':
      return runSingleCheck(history, check)
    default:
      return unreachable(check.family)
  }
}

/** Without a claim the strongest level is asked for, and the answer tells the weakest that is broken. */
export function checkLevel(
  history: RecordedHistory | IsolationHistory,
  consistency: string | undefined,
  budget: Budget,
): CheckResult {
  if (consistency !== undefined) return checkIsolation(history, { consistency, budget })
  const { strongest, results } = strongestIsolation(history, { budget })
  const last = results.at(-1)!
  if (last.verdict !== 'invalid') return last
  const holds = strongest === undefined ? 'No weaker level holds' : `It is ${levelTitle(strongest)}`
  return { ...last, summary: `${last.summary} ${holds}.` }
}
