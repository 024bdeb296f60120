/**
 * Checkers for histories of what clients saw, of any system: pure functions, of no engine, no storage and no clock. Only
 * `readHistory` opens a file, the one that it is told.
 *
 * ```ts
 * import { checkLinearizable, models, readHistory } from 'dure/verify'
 *
 * const verdict = checkLinearizable(readHistory('history.edn'), models.casRegister({ initial: null }))
 * if (verdict.verdict === 'invalid') console.error(verdict.summary, verdict.witness.drawing)
 * ```
 */

export { readEvents, readHistory } from './proof/files/read-history.ts'
export { type CheckName, type CheckSetting, checkNames, checks } from './proof/verify/catalogue/checks.ts'
export type { CheckRequest } from './proof/verify/catalogue/named-check.ts'
export { type CheckHistoryOptions, checkHistory } from './proof/verify/check-history.ts'
export {
  type BankOptions,
  type BankResult,
  type BankStatistics,
  checkBank,
} from './proof/verify/checks/bank/check-bank.ts'
export {
  type CausalRegisterOptions,
  type CausalRegisterResult,
  type CausalRegisterStatistics,
  checkCausalRegister,
} from './proof/verify/checks/causal/check-causal-register.ts'
export {
  type CausalReverseResult,
  type CausalReverseStatistics,
  checkCausalReverse,
} from './proof/verify/checks/causal/check-causal-reverse.ts'
export type { CheckOptions } from './proof/verify/checks/check-options.ts'
export {
  type CounterOptions,
  type CounterResult,
  type CounterStatistics,
  checkCounter,
} from './proof/verify/checks/counter/check-counter.ts'
export {
  checkIndependent,
  type IndependentResult,
} from './proof/verify/checks/independent/check-independent.ts'
export {
  isIndependent,
  type KeyHistory,
  splitByKey,
} from './proof/verify/checks/independent/split-by-key.ts'
export {
  checkLog,
  type LogOptions,
  type LogResult,
  type LogStatistics,
} from './proof/verify/checks/log/check-log.ts'
export {
  checkLongFork,
  type LongForkOptions,
  type LongForkResult,
  type LongForkStatistics,
} from './proof/verify/checks/long-fork/check-long-fork.ts'
export {
  checkFencedMutualExclusion,
  type FencedMutualExclusionOptions,
  type FencedMutualExclusionResult,
  type FencedMutualExclusionStatistics,
} from './proof/verify/checks/mutual-exclusion/check-fenced-mutual-exclusion.ts'
export {
  checkPredicateG2,
  type PredicateG2Result,
  type PredicateG2Statistics,
} from './proof/verify/checks/predicate/check-predicate-g2.ts'
export type { Quantiles } from './proof/verify/checks/quantiles.ts'
export {
  checkQueue,
  type QueueResult,
  type QueueStatistics,
} from './proof/verify/checks/queue/check-queue.ts'
export {
  checkTotalQueue,
  type TotalQueueOptions,
  type TotalQueueResult,
  type TotalQueueStatistics,
} from './proof/verify/checks/queue/check-total-queue.ts'
export {
  checkSessionGuarantees,
  type SessionGuaranteesOptions,
  type SessionGuaranteesResult,
  type SessionGuaranteesStatistics,
} from './proof/verify/checks/session/check-session-guarantees.ts'
export { checkSet, type SetResult, type SetStatistics } from './proof/verify/checks/set/check-set.ts'
export {
  checkSetFull,
  type SetFullOptions,
  type SetFullResult,
  type SetFullStatistics,
  type StaleElement,
} from './proof/verify/checks/set/check-set-full.ts'
export {
  checkUniqueIds,
  type UniqueIdsResult,
  type UniqueIdsStatistics,
} from './proof/verify/checks/unique-ids/check-unique-ids.ts'
export type { EventType, HistoryEvent, HistoryValue } from './proof/verify/history/event.ts'
export { type HistoryFormat, historyFormats } from './proof/verify/history/format/history-format.ts'
export { HistoryError } from './proof/verify/history/history-error.ts'
export { HistoryRecorder, type OpenOperation } from './proof/verify/history/history-recorder.ts'
export type { History, Operation, OperationOutcome } from './proof/verify/history/operation.ts'
export { pairEvents } from './proof/verify/history/pair-events.ts'
export {
  type HistoryStream,
  type ParseOptions,
  parseHistory,
  streamHistory,
} from './proof/verify/history/parse-history.ts'
export type { HistoryOrigin, RecordedHistory } from './proof/verify/history/recorded-history.ts'
export type { RecordedOperation } from './proof/verify/history/recorded-operation.ts'
export type { HistoryChunks } from './proof/verify/history/text/decode-chunks.ts'
export { toEvents } from './proof/verify/history/to-events.ts'
export {
  type WriteOptions,
  type WrittenHistory,
  writeHistory,
} from './proof/verify/history/write-history.ts'
export { checkIsolation, type IsolationOptions } from './proof/verify/isolation/check-isolation.ts'
export type { IsolationHistory } from './proof/verify/isolation/history/isolation-history.ts'
export { isolationHistoryOf } from './proof/verify/isolation/history/isolation-history-of.ts'
export { readIsolationHistory } from './proof/verify/isolation/history/read-isolation-history.ts'
export { type IsolationLevel, isolationLevels } from './proof/verify/isolation/isolation-level.ts'
export type { CommitOrder, IsolationResult } from './proof/verify/isolation/isolation-result.ts'
export { type StrongestIsolation, strongestIsolation } from './proof/verify/isolation/strongest-isolation.ts'
export {
  type AnyModel,
  type CheckOptions as LinearizabilityOptions,
  checkLinearizable,
  checkPart,
  type SplitHistory,
  splitHistory,
} from './proof/verify/linearizability/check-linearizable.ts'
export {
  type KeyValueInput,
  type KeyValueOutput,
  keyValueModel,
} from './proof/verify/linearizability/key-value-model.ts'
export {
  combineParts,
  type LinearizabilityResult,
  type PartResult,
} from './proof/verify/linearizability/linearizability-result.ts'
export { type Model, refused } from './proof/verify/linearizability/model.ts'
export type { LibraryModel, ModelOptions } from './proof/verify/linearizability/models/library-model.ts'
export { models } from './proof/verify/linearizability/models/models.ts'
export type { Part } from './proof/verify/linearizability/split-history.ts'
export type { Witness, WitnessOperation } from './proof/verify/linearizability/witness/witness.ts'
export {
  checkTransactions,
  type TransactionAnomaly,
  type TransactionsOptions,
  type TransactionsResult,
} from './proof/verify/transactions/check-transactions.ts'
export {
  type ConsistencyModel,
  consistencyModels,
} from './proof/verify/transactions/consistency/consistency-model.ts'
export { type ModelStanding, modelStanding } from './proof/verify/transactions/consistency/model-standing.ts'
export { readTransactions, type Transaction } from './proof/verify/transactions/transaction.ts'
export type { Budget } from './proof/verify/verdict/budget.ts'
export type { Anomaly, CheckResult, Spent, Verdict } from './proof/verify/verdict/verdict.ts'
