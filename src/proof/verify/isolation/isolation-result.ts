import type { ConsistencyModel } from '../transactions/consistency/consistency-model.ts'
import type { CheckResult } from '../verdict/verdict.ts'
import type { IsolationLevel } from './isolation-level.ts'

/** What `checkIsolation` answers. A step of `spent` is an operation, or a pair of them, that was looked at. */
export interface IsolationResult extends CheckResult {
  readonly level: IsolationLevel
  /** The level's place in the lattice of consistency models. */
  readonly model: ConsistencyModel
  /** Of a valid history: an order of commits that explains every read. */
  readonly order?: CommitOrder
}

export interface CommitOrder {
  /** The transactions, by their numbers in the `IsolationHistory`, in the order in which they commit. */
  readonly transactions: Int32Array
  /** The same by the events that called them. */
  readonly events: Int32Array
  /**
   * For prefix consistency and snapshot isolation: for each transaction, by number, how many of the commits in `order`
   * its snapshot has.
   */
  readonly snapshots?: Int32Array
}
