import { type CompiledModel, type Pruning, REFUSED } from './compiled-model.ts'
import { FailedConfigurations } from './failed-configurations.ts'
import { mix } from './mix.ts'
import { Schedule, type Times } from './schedule.ts'

/**
 * Looks for an order of the operations that the model accepts and in which nothing comes before what returned before its
 * call: the search of Wing and Gong (1993) with Lowe's memory of configurations that failed (2017), on integers alone.
 * DESIGN.md says why each short cut is sound.
 */
export class Search {
  readonly #model: CompiledModel
  readonly #pruning: Pruning | undefined
  readonly #schedule: Schedule
  readonly #failed: FailedConfigurations
  readonly #twins: Twins
  readonly #isContradiction: boolean
  readonly #required: number
  steps = 0

  // The required operations that are not placed, a list by call: places in `schedule.required`, `#required` is its head.
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #placeInCalls: Int32Array
  readonly #placed: Uint8Array
  /** Of those: what did not happen. */
  readonly #skipped: Uint8Array
  /** What was placed, in order. */
  readonly #trail: Int32Array
  #trailLength = 0
  #placedRequired = 0

  // The configuration.
  #state: number
  /** The first return whose operation is not placed. */
  #nextReturn = 0
  /** What is placed of the operations called before that return and not over before it; then the optional ones. */
  readonly #bits: Int32Array
  #bitsHash = 0
  readonly #bitHashes: Int32Array
  /** The operation that was placed last, if it need not be and nothing followed it yet; else -1. */
  #pending = -1
  #stateBeforePending = 0
  /** What is tried next: a place in the list of required operations, or -1 and down: an optional one. */
  #cursor: number

  // Choices that leave others, by depth.
  #depth = 0
  readonly #frames: Int32Array
  readonly #frameLength: number

  /** Of the operations `chosen`, by call; the model knows others too. */
  constructor(times: Times, model: CompiledModel, chosen: Int32Array) {
    const schedule = new Schedule(times, chosen)
    const { operations, required, requiredWords, optionalWords } = schedule
    this.#model = model
    this.#pruning = model.pruningFor(chosen)
    this.#schedule = schedule
    this.#failed = new FailedConfigurations(requiredWords, optionalWords)
    this.#twins = new Twins(schedule, model)
    this.#required = required.length
    this.#next = new Int32Array(required.length + 1)
    this.#previous = new Int32Array(required.length + 1)
    this.#placeInCalls = new Int32Array(operations)
    for (let place = 0; place <= required.length; place++) {
      this.#next[place] = place === required.length ? 0 : place + 1
      this.#previous[place] = place === 0 ? required.length : place - 1
      if (place < required.length) this.#placeInCalls[required[place]!] = place
    }
    this.#placed = new Uint8Array(operations)
    this.#skipped = new Uint8Array(operations)
    this.#trail = new Int32Array(chosen.length)
    this.#bits = new Int32Array(requiredWords + optionalWords)
    this.#bitHashes = new Int32Array(requiredWords << 5)
    for (let bit = 0; bit < this.#bitHashes.length; bit++) this.#bitHashes[bit] = mix(bit + 1)
    this.#frameLength = FRAME_BITS + requiredWords
    this.#frames = new Int32Array((chosen.length + 1) * this.#frameLength)
    this.#state = model.initial
    this.#cursor = 0
    this.#isContradiction = this.#pruning?.isContradiction?.() ?? false
    if (!this.#isContradiction) this.#placeWhatDoesNoHarm()
    if (this.#placedRequired < this.#required) this.#startCursor()
  }

  /** Goes on for that many steps at most, each one operation tried; undefined when there is more to do. */
  run(stepsMax: number): 'valid' | 'invalid' | undefined {
    if (this.#isContradiction) return 'invalid'
    const end = this.steps + stepsMax
    while (this.#placedRequired < this.#required) {
      if (this.steps >= end) return undefined
      this.steps++
      const operation = this.#nextCandidate()
      const goesOn = operation === NONE ? this.#backtrack() : !this.#tryToPlace(operation) || this.#enter()
      if (!goesOn) return 'invalid'
    }
    return 'valid'
  }

  /** What is placed now, in order; once `run` said `valid`, the order that was found. */
  order(): Int32Array {
    return this.#trail.subarray(0, this.#trailLength).filter((operation) => this.#skipped[operation] === 0)
  }

  get memoryBytes(): number {
    return (
      this.#failed.memoryBytes + this.#model.memoryBytes + this.#frames.byteLength + 60 * this.#trail.length
    )
  }

  #nextCandidate(): number {
    const { required, optional } = this.#schedule
    const { observes } = this.#model
    if (this.#cursor === SKIP) {
      this.#cursor = this.#next[this.#required]!
      return SKIP
    }
    const calledBefore = this.#schedule.calledBefore[this.#nextReturn]!
    while (this.#cursor >= 0) {
      const place = this.#cursor
      if (place >= calledBefore) {
        this.#cursor = -1
        break
      }
      this.#cursor = this.#next[place]!
      // What only observes was placed if it could be.
      if (observes[required[place]!] === 0) return required[place]!
    }
    const optionalEnd = this.#schedule.optionalCalledBefore[this.#nextReturn]!
    while (-1 - this.#cursor < optionalEnd) {
      const place = -1 - this.#cursor--
      const operation = optional[place]!
      if (this.#placed[operation] === 1) continue
      const before = this.#twins.before[place]!
      if (before < 0 || this.#placed[before] === 1) return operation
    }
    return NONE
  }

  /** False when the operation cannot be placed, or need not be here. */
  #tryToPlace(operation: number): boolean {
    if (operation === SKIP) return this.#skip()
    const model = this.#model
    const isOptional = this.#schedule.returnOf[operation]! < 0
    const isFree = this.#schedule.isFree[operation] === 1
    const after = model.step(this.#state, operation)
    if (after === REFUSED || (isFree && after === this.#state)) return false
    if (this.#twins.has[operation] === 1 && this.#twinGoesFirst(operation, isOptional, after)) return false
    if (this.#pruning?.loses?.(this.#state, operation, after)) return false
    if (this.#pending >= 0 && this.#pendingCouldWait(operation, isFree, after)) return false

    this.#pushFrame()
    this.#pending = isFree ? operation : -1
    this.#stateBeforePending = this.#state
    this.#state = after
    this.#place(operation, isOptional)
    return true
  }

  /** The operation that returns next did not happen. */
  #skip(): boolean {
    this.#pushFrame()
    const operation = this.#schedule.byReturn[this.#nextReturn]!
    this.#skipped[operation] = 1
    this.#place(operation, false)
    return true
  }

  /** The new configuration: nothing else to try in it than what changes the state. False when all is tried. */
  #enter(): boolean {
    this.#placeWhatDoesNoHarm()
    if (this.#placedRequired === this.#required) return true
    if (this.#pending < 0 && this.#failed.has(this.#nextReturn, this.#state, this.#bits, this.#bitsHash))
      return this.#popFrame()
    this.#startCursor()
    return true
  }

  #startCursor(): void {
    const { byReturn, isFree } = this.#schedule
    this.#cursor = isFree[byReturn[this.#nextReturn]!] === 1 ? SKIP : this.#next[this.#required]!
  }

  /** Reads that are right here, and what the model says goes now: no need to try anything in their stead. */
  #placeWhatDoesNoHarm(): void {
    const model = this.#model
    const { required, calledBefore } = this.#schedule
    const forces = this.#pruning?.forces
    for (let place = this.#next[this.#required]!; this.#nextReturn < this.#required; ) {
      if (place >= calledBefore[this.#nextReturn]!) return
      const operation = required[place]!
      if (model.observes[operation] === 1) {
        if (model.step(this.#state, operation) !== REFUSED) {
          this.#pending = -1
          this.#place(operation, false)
        }
      } else if (forces !== undefined) {
        const after = model.step(this.#state, operation)
        if (
          after !== REFUSED &&
          !this.#pruning!.loses?.(this.#state, operation, after) &&
          this.#pruning!.forces!(this.#state, operation, after)
        ) {
          this.#pending = -1
          this.#state = after
          this.#place(operation, false)
          place = this.#next[this.#required]!
          continue
        }
      }
      place = this.#next[place]!
      if (place === this.#required) return
    }
  }

  /**
   * Whether another operation can stand for this one, and should: the same call with the same answer that returns
   * earlier; for an optional one, a required call that would do the same here.
   */
  #twinGoesFirst(operation: number, isOptional: boolean, after: number): boolean {
    const { required, returnOf } = this.#schedule
    const end = this.#schedule.calledBefore[this.#nextReturn]!
    const classes = isOptional ? this.#model.calls : this.#model.answered
    const ofOperation = classes[operation]
    for (let place = this.#next[this.#required]!; place < end; place = this.#next[place]!) {
      const other = required[place]!
      if (classes[other] !== ofOperation || other === operation) continue
      if (
        isOptional ? this.#model.step(this.#state, other) === after : returnOf[other]! < returnOf[operation]!
      )
        return true
    }
    return false
  }

  /** Whether the pending operation does as well after `operation`, or not at all: then that order is tried elsewhere. */
  #pendingCouldWait(operation: number, isFree: boolean, after: number): boolean {
    const without = this.#model.step(this.#stateBeforePending, operation)
    if (without === REFUSED) return false
    if (without === after) return true
    // Two that commute and are both free to wait: the one with the lower number goes first.
    if (isFree && this.#pending < operation) return false
    return this.#model.step(without, this.#pending) === after
  }

  #place(operation: number, isOptional: boolean): void {
    this.#placed[operation] = 1
    this.#trail[this.#trailLength++] = operation
    this.#pruning?.placed?.(operation)
    const bit = this.#schedule.bitOf[operation]!
    if (isOptional) {
      this.#bits[this.#schedule.requiredWords + (bit >> 5)]! |= 1 << (bit & 31)
      return
    }
    this.#placedRequired++
    const place = this.#placeInCalls[operation]!
    const next = this.#next[place]!
    const previous = this.#previous[place]!
    this.#next[previous] = next
    this.#previous[next] = previous
    if (this.#schedule.returnOf[operation] !== this.#nextReturn) {
      this.#toggleBit(bit)
      return
    }
    const { byReturn, bitOf } = this.#schedule
    let waitedFor = this.#nextReturn + 1
    for (; waitedFor < this.#required && this.#placed[byReturn[waitedFor]!] === 1; waitedFor++)
      this.#toggleBit(bitOf[byReturn[waitedFor]!]!)
    this.#nextReturn = waitedFor
  }

  #toggleBit(bit: number): void {
    this.#bits[bit >> 5]! ^= 1 << (bit & 31)
    this.#bitsHash ^= this.#bitHashes[bit]!
  }

  #pushFrame(): void {
    const frames = this.#frames
    const at = this.#depth++ * this.#frameLength
    frames[at] = this.#trailLength
    frames[at + FRAME_STATE] = this.#state
    frames[at + FRAME_RETURN] = this.#nextReturn
    frames[at + FRAME_CURSOR] = this.#cursor
    frames[at + FRAME_PENDING] = this.#pending
    frames[at + FRAME_BEFORE] = this.#stateBeforePending
    frames[at + FRAME_HASH] = this.#bitsHash
    for (let i = this.#schedule.requiredWords - 1; i >= 0; i--) frames[at + FRAME_BITS + i] = this.#bits[i]!
  }

  /** Leaves a configuration of which everything was tried; false when it was the first. */
  #backtrack(): boolean {
    if (this.#depth > 0 && this.#pending < 0)
      this.#failed.add(this.#nextReturn, this.#state, this.#bits, this.#bitsHash)
    return this.#popFrame()
  }

  #popFrame(): boolean {
    if (this.#depth === 0) return false
    const frames = this.#frames
    const at = --this.#depth * this.#frameLength
    while (this.#trailLength > frames[at]!) this.#remove(this.#trail[--this.#trailLength]!)
    this.#state = frames[at + FRAME_STATE]!
    this.#nextReturn = frames[at + FRAME_RETURN]!
    this.#cursor = frames[at + FRAME_CURSOR]!
    this.#pending = frames[at + FRAME_PENDING]!
    this.#stateBeforePending = frames[at + FRAME_BEFORE]!
    this.#bitsHash = frames[at + FRAME_HASH]!
    for (let i = this.#schedule.requiredWords - 1; i >= 0; i--) this.#bits[i] = frames[at + FRAME_BITS + i]!
    return true
  }

  /** Takes it away but for the bits of required operations, which the frame restores. */
  #remove(operation: number): void {
    this.#placed[operation] = this.#skipped[operation] = 0
    this.#pruning?.removed?.(operation)
    if (this.#schedule.returnOf[operation]! < 0) {
      const bit = this.#schedule.bitOf[operation]!
      this.#bits[this.#schedule.requiredWords + (bit >> 5)]! &= ~(1 << (bit & 31))
      return
    }
    this.#placedRequired--
    const place = this.#placeInCalls[operation]!
    this.#next[this.#previous[place]!] = place
    this.#previous[this.#next[place]!] = place
  }
}

const NONE = -1
const SKIP = -(2 ** 31)

const FRAME_STATE = 1
const FRAME_RETURN = 2
const FRAME_CURSOR = 3
const FRAME_PENDING = 4
const FRAME_BEFORE = 5
const FRAME_HASH = 6
const FRAME_BITS = 7

/** Operations that can stand for each other. */
class Twins {
  /** For each place among the optional operations: the same call, optional too, that was called before it; or -1. */
  readonly before: Int32Array
  /** 1 for operations that a required one may stand for. */
  readonly has: Uint8Array

  constructor({ required, optional, operations }: Schedule, { calls, answered, kinds }: CompiledModel) {
    const lastOptional = new Int32Array(kinds).fill(-1)
    const requiredCalls = new Uint8Array(kinds)
    const firstAnswered = new Int32Array(kinds).fill(-1)
    this.before = new Int32Array(optional.length)
    this.has = new Uint8Array(operations)
    for (const operation of required) {
      requiredCalls[calls[operation]!] = 1
      const first = firstAnswered[answered[operation]!]!
      if (first < 0) firstAnswered[answered[operation]!] = operation
      else this.has[first] = this.has[operation] = 1
    }
    for (let place = 0; place < optional.length; place++) {
      const operation = optional[place]!
      const call = calls[operation]!
      this.before[place] = lastOptional[call]!
      lastOptional[call] = operation
      if (requiredCalls[call] === 1) this.has[operation] = 1
    }
  }
}
