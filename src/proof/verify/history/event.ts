/**
 * One line of a history: a process calls (`invoke`), and later learns that it was done (`ok`), that it was not and never
 * will be (`fail`), or nothing (`info`).
 *
 * ```ts
 * const events: HistoryEvent[] = [
 *   { index: 0, process: 1, type: 'invoke', f: 'write', value: 3 },
 *   { index: 1, process: 1, type: 'ok', f: 'write', value: 3 },
 * ]
 * ```
 *
 * The shape is Jepsen's, so that what its users know holds here too.
 */
export interface HistoryEvent {
  /** Place in the order of all events: 0 for the first, each later one greater. */
  readonly index: number
  /** Who: a number, or a name such as `nemesis` for what is not a client. */
  readonly process: number | string
  readonly type: EventType
  /** The function that is called: `read`, `write`, `cas`, `txn` … */
  readonly f: string
  /** Of a call what is asked, of a return what was answered. Transactions are lists of `['append', key, value]`. */
  readonly value: HistoryValue
  /** Nanoseconds since the run began, where the file says. */
  readonly timeNs?: number
  /** The object that the call is about, where the file names it apart from the value. */
  readonly key?: HistoryValue
  /** Why it failed, where the file says. */
  readonly error?: HistoryValue
}

export type EventType = 'invoke' | 'ok' | 'fail' | 'info'

/**
 * What files hold. EDN's keywords and symbols are strings here (`:x` is `'x'`), its `nil` and JSON's null are null, its
 * lists and vectors arrays; maps of EDN and objects of JSON are Maps (`{0 100}` has the key 0, `{"0": 100}` the key
 * `'0'`), sets are Sets. Integers that a double cannot hold are bigints.
 */
export type HistoryValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly HistoryValue[]
  | ReadonlyMap<HistoryValue, HistoryValue>
  | ReadonlySet<HistoryValue>
