/** When an operation was called and returned, in the order of all events. */
export interface Interval {
  readonly call: number
  /** Infinite for one of unknown outcome, which may happen at any later time or never. */
  readonly returned: number
  /** True for one that happened by its return or not at all. */
  readonly isSkippable: boolean
}

/**
 * The times of a part's operations, laid out for the search. Required operations are known by the order of their
 * returns too; what is called before a return and not over by then has a bit of its own, which is free again afterwards.
 */
export class Schedule {
  readonly operations: number
  /** Required operations in the order of their returns. */
  readonly byReturn: Int32Array
  /** For each operation its place there; -1 for optional ones. */
  readonly returnOf: Int32Array
  /** For each return: how many required operations, in order of their calls, were called before it; and optional ones. */
  readonly calledBefore: Int32Array
  readonly optionalCalledBefore: Int32Array
  /** By call. */
  readonly required: Int32Array
  readonly optional: Int32Array
  /** The bit of each operation among its kind. */
  readonly bitOf: Int32Array
  /** 1 for operations that need not be placed: optional ones, and those that may be skipped at their return. */
  readonly isFree: Uint8Array
  readonly requiredWords: number
  readonly optionalWords: number

  /** Of all the operations that there are numbers for, those that are chosen, by call. */
  constructor(intervals: readonly Interval[], chosen: Int32Array) {
    const required: number[] = []
    const optional: number[] = []
    for (let i = 0; i < chosen.length; i++)
      (intervals[chosen[i]!]!.returned === Number.POSITIVE_INFINITY ? optional : required).push(chosen[i]!)
    this.operations = intervals.length
    this.required = Int32Array.from(required)
    this.optional = Int32Array.from(optional)
    this.byReturn = this.required
      .slice()
      .sort((left, right) => intervals[left]!.returned - intervals[right]!.returned)
    this.returnOf = new Int32Array(intervals.length).fill(-1)
    this.calledBefore = new Int32Array(required.length)
    this.optionalCalledBefore = new Int32Array(required.length)
    this.bitOf = new Int32Array(intervals.length)
    this.isFree = new Uint8Array(intervals.length)
    for (const operation of this.optional) this.isFree[operation] = 1
    for (const operation of this.required) if (intervals[operation]!.isSkippable) this.isFree[operation] = 1
    const free: number[] = []
    let bits = 0
    let called = 0
    let optionalCalled = 0
    for (let i = 0; i < this.byReturn.length; i++) {
      const operation = this.byReturn[i]!
      const { returned } = intervals[operation]!
      while (called < this.required.length && intervals[this.required[called]!]!.call < returned)
        this.bitOf[this.required[called++]!] = free.pop() ?? bits++
      while (optionalCalled < optional.length && intervals[this.optional[optionalCalled]!]!.call < returned)
        optionalCalled++
      this.returnOf[operation] = i
      this.calledBefore[i] = called
      this.optionalCalledBefore[i] = optionalCalled
      free.push(this.bitOf[operation]!)
    }
    for (let i = 0; i < optional.length; i++) this.bitOf[this.optional[i]!] = i
    this.requiredWords = (bits + 31) >> 5
    this.optionalWords = (optional.length + 31) >> 5
  }
}
