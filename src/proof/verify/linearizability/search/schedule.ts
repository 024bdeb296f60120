/** When operations were called and returned, in the order of all events. */
export class Times {
  readonly calls: Float64Array
  /** Infinite for those of unknown outcome, which may happen at any later time or never. */
  readonly returns: Float64Array
  /** 1 for those that happened by their return or not at all. */
  readonly isSkippable: Uint8Array
  /** Those that have a return, in order of it. */
  readonly byReturn: Int32Array

  constructor(calls: Float64Array, returns: Float64Array, isSkippable: Uint8Array) {
    this.calls = calls
    this.returns = returns
    this.isSkippable = isSkippable
    this.byReturn = Int32Array.from(returns.keys())
      .filter((operation) => returns[operation] !== Number.POSITIVE_INFINITY)
      .sort((left, right) => returns[left]! - returns[right]!)
  }
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
  constructor({ calls, returns, isSkippable, byReturn }: Times, chosen: Int32Array) {
    const isChosen = new Uint8Array(calls.length)
    const required = new Int32Array(chosen.length)
    const optional = new Int32Array(chosen.length)
    let requiredCount = 0
    let optionalCount = 0
    for (let i = 0; i < chosen.length; i++) {
      const operation = chosen[i]!
      isChosen[operation] = 1
      if (returns[operation] === Number.POSITIVE_INFINITY) optional[optionalCount++] = operation
      else required[requiredCount++] = operation
    }
    this.operations = calls.length
    this.required = required.subarray(0, requiredCount)
    this.optional = optional.subarray(0, optionalCount)
    this.byReturn = new Int32Array(requiredCount)
    let next = 0
    for (let i = 0; next < requiredCount; i++)
      if (isChosen[byReturn[i]!] === 1) this.byReturn[next++] = byReturn[i]!
    this.returnOf = new Int32Array(calls.length).fill(-1)
    this.calledBefore = new Int32Array(this.required.length)
    this.optionalCalledBefore = new Int32Array(this.required.length)
    this.bitOf = new Int32Array(calls.length)
    this.isFree = new Uint8Array(calls.length)
    for (let i = 0; i < optionalCount; i++) this.isFree[optional[i]!] = 1
    for (let i = 0; i < requiredCount; i++) this.isFree[required[i]!] = isSkippable[required[i]!]!
    const free: number[] = []
    let bits = 0
    let called = 0
    let optionalCalled = 0
    for (let i = 0; i < this.byReturn.length; i++) {
      const operation = this.byReturn[i]!
      const returned = returns[operation]!
      while (called < this.required.length && calls[this.required[called]!]! < returned)
        this.bitOf[this.required[called++]!] = free.pop() ?? bits++
      while (optionalCalled < this.optional.length && calls[this.optional[optionalCalled]!]! < returned)
        optionalCalled++
      this.returnOf[operation] = i
      this.calledBefore[i] = called
      this.optionalCalledBefore[i] = optionalCalled
      free.push(this.bitOf[operation]!)
    }
    for (let i = 0; i < this.optional.length; i++) this.bitOf[this.optional[i]!] = i
    this.requiredWords = (bits + 31) >> 5
    this.optionalWords = (this.optional.length + 31) >> 5
  }
}
