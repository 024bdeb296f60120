import { checkBank } from '../checks/bank/check-bank.ts'
import { checkCausalRegister } from '../checks/causal/check-causal-register.ts'
import { checkCausalReverse } from '../checks/causal/check-causal-reverse.ts'
import { checkCounter } from '../checks/counter/check-counter.ts'
import { checkIndependent } from '../checks/independent/check-independent.ts'
import { checkLog } from '../checks/log/check-log.ts'
import { checkLongFork } from '../checks/long-fork/check-long-fork.ts'
import { checkFencedMutualExclusion } from '../checks/mutual-exclusion/check-fenced-mutual-exclusion.ts'
import { checkPredicateG2 } from '../checks/predicate/check-predicate-g2.ts'
import { checkQueue } from '../checks/queue/check-queue.ts'
import { checkTotalQueue } from '../checks/queue/check-total-queue.ts'
import { checkSessionGuarantees } from '../checks/session/check-session-guarantees.ts'
import { checkSet } from '../checks/set/check-set.ts'
import { checkSetFull } from '../checks/set/check-set-full.ts'
import { checkUniqueIds } from '../checks/unique-ids/check-unique-ids.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import type { CheckResult } from '../verdict/verdict.ts'
import type { CheckName, checks } from './checks.ts'
import { hasKeysInValues, withKeysApart } from './linearizability-model.ts'
import type { NamedCheck } from './named-check.ts'

/** The checks of one thing alone. */
type SingleName = {
  [Name in CheckName]: (typeof checks)[Name]['family'] extends 'single' ? Name : never
}[CheckName]

// biome-ignore lint/suspicious/noExplicitAny: settings are held against the catalogue before they come here.
type SingleCheck = (history: RecordedHistory, settings: any) => CheckResult

const byName: Readonly<Record<SingleName, SingleCheck>> = {
  bank: checkBank,
  set: checkSet,
  'set-full': checkSetFull,
  counter: checkCounter,
  queue: checkQueue,
  'total-queue': checkTotalQueue,
  'unique-ids': checkUniqueIds,
  'long-fork': checkLongFork,
  'causal-register': checkCausalRegister,
  'causal-reverse': checkCausalReverse,
  'session-guarantees': checkSessionGuarantees,
  'predicate-g2': checkPredicateG2,
  'fenced-mutual-exclusion': checkFencedMutualExclusion,
  log: checkLog,
}

/** Runs one of them; key by key where the history is of many objects that are independent of each other. */
export function runSingleCheck(history: RecordedHistory, named: NamedCheck): CheckResult {
  const { name, initial, nilRead, settings } = named
  const check = byName[name as SingleName]
  const options = {
    ...settings,
    ...(initial !== undefined && { initial }),
    ...(nilRead !== undefined && { nilRead }),
  }
  // Sessions reach over all objects.
  if (name === 'session-guarantees') return check(withKeysApart(history, named), options)
  return hasKeysInValues(history, named) ? checkIndependent(history, check, options) : check(history, options)
}
