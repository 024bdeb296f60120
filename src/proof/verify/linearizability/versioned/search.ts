import { assert } from '../../../../foundation/assert.ts'
import type { PartSearch } from '../specification.ts'
import type { CompiledModel } from './compiled-model.ts'
import { FailedConfigurations } from './failed-configurations.ts'
import { addKeys, emptyKeySet, hasAnyKey, hasEveryKey, type KeySet, union } from './key-set.ts'

/** When an operation was called and returned, in the order of all events; `returned` is undefined for unknown ones. */
export interface Interval {
  readonly call: number
  readonly returned: number | undefined
}

/** One operation put in its place, and what it takes to undo and go on. */
interface Frame<State> {
  readonly operation: number
  readonly state: State
  readonly cursor: number
  readonly pending: number
  readonly stateBeforePending: State
  readonly reach: KeySet | undefined
  readonly reason: KeySet
  /** Nothing else needs to be tried in its place. */
  readonly forced: boolean
}

/**
 * Looks for an order of the operations that the model accepts and in which nothing comes before what returned before
 * its call: Wing and Gong's search (1993) over a doubly linked list of calls and returns, with Lowe's memory of
 * configurations that failed (2017). DESIGN.md says why each of the short cuts is sound.
 */
export class VersionedSearch<State> implements PartSearch {
  readonly #intervals: readonly Interval[]
  readonly #model: CompiledModel<State>
  /** Entry 2i is the call of operation i, 2i + 1 its return; the last one is the head. Required operations only. */
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #head: number
  /** Operations of unknown outcome, by call. */
  readonly #optional: readonly number[]
  readonly #placed: Uint8Array
  /** For each fact, how many required operations that need it are not placed yet. */
  readonly #needed: Int32Array
  readonly #failed: FailedConfigurations<State>
  readonly #stack: Frame<State>[] = []
  readonly #isContradiction: boolean
  readonly #places: Int32Array
  #required: number
  #placedRequired = 0
  steps = 0

  #state: State
  /** An entry of the list (0 and up), or a place in `#optional` (-1 and down). */
  #cursor: number
  /** The optional operation that was placed last, if nothing followed it yet; else -1. */
  #pending = -1
  #stateBeforePending: State
  /** The keys that can matter to the operation that returns next; undefined until it is asked for. */
  #reach: KeySet | undefined = undefined
  /** The keys in which the choices tried here so far have failed. */
  #reason: KeySet
  readonly #noKeys: KeySet

  /** `places`: what `order` calls the operations. */
  constructor(intervals: readonly Interval[], model: CompiledModel<State>, places: Int32Array) {
    this.#places = places
    this.#intervals = intervals
    this.#model = model
    const count = intervals.length
    const entries: number[] = []
    const optional: number[] = []
    for (let i = 0; i < count; i++) {
      if (intervals[i]!.returned === undefined) optional.push(i)
      else entries.push(2 * i, 2 * i + 1)
    }
    entries.sort((left, right) => this.#time(left) - this.#time(right))
    this.#head = 2 * count
    this.#next = new Int32Array(2 * count + 1)
    this.#previous = new Int32Array(2 * count + 1)
    let last = this.#head
    for (const entry of entries) {
      this.#next[last] = entry
      this.#previous[entry] = last
      last = entry
    }
    this.#next[last] = this.#head
    this.#previous[this.#head] = last

    this.#optional = optional.sort((left, right) => intervals[left]!.call - intervals[right]!.call)
    this.#placed = new Uint8Array(count)
    this.#needed = new Int32Array(model.facts)
    for (let i = 0; i < count; i++) if (intervals[i]!.returned !== undefined) this.#countNeeds(i, 1)
    this.#failed = new FailedConfigurations(count, model)
    this.#required = count - optional.length
    this.#state = this.#stateBeforePending = model.initial
    this.#cursor = this.#next[this.#head]!
    this.#reason = this.#noKeys = emptyKeySet(model.keys)
    this.#isContradiction = model.isContradiction()
  }

  run(stepsMax: number): 'valid' | 'invalid' | undefined {
    if (this.#isContradiction) return 'invalid'
    const end = this.steps + stepsMax
    while (this.#placedRequired < this.#required) {
      if (this.steps >= end) return undefined
      this.steps++
      const operation = this.#nextCandidate()
      if (operation === NONE) {
        if (!this.#backtrack()) return 'invalid'
      } else if (operation !== SKIP && this.#isWithinReach(operation)) {
        this.#tryToPlace(operation)
      }
    }
    return 'valid'
  }

  order(): readonly number[] {
    return this.#stack.map(({ operation }) => this.#places[operation]!)
  }

  lastStates(count: number): string[] {
    const states = [...this.#stack.map(({ state }) => state).slice(1), this.#state]
    return states.slice(-count).map((state) => this.#model.describe(state))
  }

  get memoryBytes(): number {
    return this.#failed.memoryBytes + 200 * this.#intervals.length
  }

  /** Required operations first, in order of their calls; then those of unknown outcome. */
  #nextCandidate(): number {
    if (this.#cursor >= 0) {
      const entry = this.#cursor
      if ((entry & 1) === 0) {
        this.#cursor = this.#next[entry]!
        return entry >> 1
      }
      this.#cursor = -1
    }
    const place = -1 - this.#cursor
    const operation = this.#optional[place]
    if (operation === undefined) return NONE
    if (this.#intervals[operation]!.call > this.#firstReturn()) return NONE
    this.#cursor--
    return this.#placed[operation] === 1 || this.#standsBehindAnother(place) ? SKIP : operation
  }

  #tryToPlace(operation: number): void {
    const isOptional = this.#isOptional(operation)
    for (const predecessor of this.#model.predecessors(operation)) if (this.#placed[predecessor] === 0) return
    const after = this.#model.step(this.#state, operation)
    if (after === undefined) return
    const changesNothing = this.#model.equal(after, this.#state)
    if (isOptional && changesNothing) return
    if (!changesNothing && this.#endsWhatIsNeeded(operation)) return
    if (this.#pending >= 0 && this.#pendingCouldWait(operation, isOptional, after)) return
    // Only configurations without a pending operation are remembered: the others depend on the state before it too.
    const failed = isOptional ? undefined : this.#failed.reasonWith(operation, after)
    if (failed !== undefined) {
      this.#reason = union(this.#reason, failed)
      return
    }

    this.#stack.push({
      operation,
      state: this.#state,
      cursor: this.#cursor,
      pending: this.#pending,
      stateBeforePending: this.#stateBeforePending,
      reach: this.#reach,
      reason: this.#reason,
      forced: changesNothing && this.#model.observes(operation),
    })
    this.#stateBeforePending = this.#state
    this.#pending = isOptional ? operation : -1
    this.#state = after
    // What may follow a pending operation is what might have stood in its place.
    if (!isOptional) this.#reach = undefined
    this.#reason = this.#noKeys
    this.#place(operation, isOptional)
    this.#cursor = this.#next[this.#head]!
  }

  /** Whether the pending operation does as well after `operation`, or not at all: then that order is tried elsewhere. */
  #pendingCouldWait(operation: number, isOptional: boolean, after: State): boolean {
    const without = this.#model.step(this.#stateBeforePending, operation)
    if (without === undefined) return false
    if (this.#model.equal(without, after)) return true
    // Two that commute and are both free to wait: the one that comes first in the list goes first.
    if (isOptional && this.#pending < operation) return false
    const swapped = this.#model.step(without, this.#pending)
    return swapped !== undefined && this.#model.equal(swapped, after)
  }

  /** Whether a required operation could never be placed after this one. */
  #endsWhatIsNeeded(operation: number): boolean {
    const needs = this.#isOptional(operation) ? [] : this.#model.needs(operation)
    for (const fact of this.#model.ends(this.#state, operation)) {
      if (this.#needed[fact]! > (needs.includes(fact) ? 1 : 0)) return true
    }
    return false
  }

  #countNeeds(operation: number, change: number): void {
    for (const fact of this.#model.needs(operation)) this.#needed[fact]! += change
  }

  /** Undoes the last choice that leaves another and could help; false when there is none. */
  #backtrack(): boolean {
    let reason = union(this.#reason, this.#currentReach())
    let remember = true
    for (;;) {
      const frame = this.#stack.pop()
      if (frame === undefined) return false
      const { operation } = frame
      if (remember && this.#pending < 0) this.#failed.add(this.#state, reason)
      // The configurations passed over below lead to the one remembered: no need to remember them too.
      remember = false
      this.#unplace(operation)
      this.#state = frame.state
      this.#cursor = frame.cursor
      this.#pending = frame.pending
      this.#stateBeforePending = frame.stateBeforePending
      this.#reach = frame.reach
      // What failed has nothing to do with this operation: another in its place would fail in the same way.
      if (!hasAnyKey(reason, this.#model.touches(operation))) continue
      this.#reason = union(frame.reason, reason)
      if (!frame.forced) return true
      reason = reason.slice()
      addKeys(reason, this.#model.touches(operation))
    }
  }

  #isWithinReach(operation: number): boolean {
    return this.#model.keys === 1 || hasAnyKey(this.#currentReach(), this.#model.touches(operation))
  }

  /**
   * The keys of the operation that returns next, of those that may come before it and share a key with it, of those
   * that share one with these, and so on. Everything else commutes with all of that, and can wait.
   */
  #currentReach(): KeySet {
    if (this.#reach !== undefined) return this.#reach
    const reach = emptyKeySet(this.#model.keys)
    const firstReturnEntry = this.#firstReturnEntry()
    addKeys(reach, this.#model.touches(firstReturnEntry >> 1))
    const firstReturn = this.#time(firstReturnEntry)
    for (let grown = this.#model.keys > 1; grown; ) {
      grown = false
      const join = (operation: number): void => {
        const keys = this.#model.touches(operation)
        if (keys.length === 1 || !hasAnyKey(reach, keys) || hasEveryKey(reach, keys)) return
        addKeys(reach, keys)
        grown = true
      }
      for (let entry = this.#next[this.#head]!; entry !== firstReturnEntry; entry = this.#next[entry]!)
        join(entry >> 1)
      for (const operation of this.#optional) {
        if (this.#intervals[operation]!.call > firstReturn) break
        if (this.#placed[operation] === 0) join(operation)
      }
    }
    return (this.#reach = reach)
  }

  #place(operation: number, isOptional: boolean): void {
    this.#placed[operation] = 1
    this.#failed.toggle(operation)
    if (isOptional) return
    this.#placedRequired++
    this.#countNeeds(operation, -1)
    for (let entry = 2 * operation; entry <= 2 * operation + 1; entry++) {
      this.#next[this.#previous[entry]!] = this.#next[entry]!
      this.#previous[this.#next[entry]!] = this.#previous[entry]!
    }
  }

  #unplace(operation: number): void {
    this.#placed[operation] = 0
    this.#failed.toggle(operation)
    if (this.#isOptional(operation)) return
    this.#placedRequired--
    this.#countNeeds(operation, 1)
    for (let entry = 2 * operation + 1; entry >= 2 * operation; entry--) {
      this.#next[this.#previous[entry]!] = entry
      this.#previous[this.#next[entry]!] = entry
    }
  }

  /** Two of unknown outcome and the same effect: the one that was called first goes first. */
  #standsBehindAnother(place: number): boolean {
    const operation = this.#optional[place]!
    for (let i = 0; i < place; i++) {
      const other = this.#optional[i]!
      if (this.#placed[other] === 0 && this.#model.sameEffect(other, operation)) return true
    }
    return false
  }

  #firstReturn(): number {
    return this.#time(this.#firstReturnEntry())
  }

  #firstReturnEntry(): number {
    let entry = this.#next[this.#head]!
    while ((entry & 1) === 0) {
      assert(entry !== this.#head, 'a required operation that is not placed has its return in the list')
      entry = this.#next[entry]!
    }
    return entry
  }

  #time(entry: number): number {
    const interval = this.#intervals[entry >> 1]!
    return (entry & 1) === 0 ? interval.call : interval.returned!
  }

  #isOptional(operation: number): boolean {
    return this.#intervals[operation]!.returned === undefined
  }
}

const NONE = -1
const SKIP = -2
