/**
 * Checkers for histories of what clients saw: pure, of no engine, no storage and no clock.
 *
 * ```ts
 * import { checkLinearizable, HistoryRecorder, keyValueModel } from 'dure/verify'
 * ```
 */

export { HistoryRecorder, type OpenOperation } from './proof/verify/history/history-recorder.ts'
export type { History, Operation, OperationOutcome } from './proof/verify/history/operation.ts'
export {
  type CheckOptions,
  checkLinearizable,
} from './proof/verify/linearizability/check-linearizable.ts'
export {
  type KeyValueInput,
  type KeyValueOutput,
  keyValueModel,
} from './proof/verify/linearizability/key-value-model.ts'
export type { LinearizabilityResult } from './proof/verify/linearizability/linearizability-result.ts'
export { type Model, refused } from './proof/verify/linearizability/model.ts'
export { models } from './proof/verify/linearizability/models/models.ts'
