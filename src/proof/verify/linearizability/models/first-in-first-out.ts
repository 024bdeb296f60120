import type { HistoryValue } from '../../history/event.ts'
import type { Operation } from '../../history/operation.ts'
import { valueKey } from '../../history/value/value-key.ts'
import type { Pruning, PruningFor } from '../search/compiled-model.ts'
import type { InternedModel } from '../search/interned-model.ts'
import type { QueueInput, QueueOutput } from './queue.ts'

/**
 * Hints for queues, first in first out:
 *
 * - what was taken before another was asked for went in before it;
 * - a dequeue of unknown outcome does not take what a known one has to take;
 * - what nobody took stays, or one of the unknown dequeues took it: so there are no more of them in front of what is
 *   still to be taken than there are unknown dequeues left;
 * - an enqueue of unknown outcome of what nobody took did not happen, as far as anybody can tell;
 * - where every dequeue is known, the nth that went in comes out nth.
 */
export function firstInFirstOut(
  compiled: Pick<InternedModel<readonly HistoryValue[], never, never>, 'states'>,
  operations: readonly Operation<QueueInput, QueueOutput>[],
): PruningFor {
  const numbered = new NumberedQueue(compiled.states, operations)
  return (chosen) => new FirstInFirstOut(numbered, chosen)
}

/** What an operation is to a queue. */
const ENQUEUE = 1
const TAKE = 2
const UNKNOWN_DEQUEUE = 3

class NumberedQueue {
  readonly kinds: Uint8Array
  /** Of enqueues and takes. */
  readonly elementOf: Int32Array
  readonly isRequired: Uint8Array
  readonly calls: Float64Array
  readonly returns: Float64Array
  readonly #numbers = new Map<string, number>()
  readonly #states: readonly (readonly HistoryValue[])[]
  readonly #contents: (Int32Array | undefined)[] = []

  constructor(
    states: readonly (readonly HistoryValue[])[],
    operations: readonly Operation<QueueInput, QueueOutput>[],
  ) {
    this.#states = states
    this.kinds = new Uint8Array(operations.length)
    this.elementOf = new Int32Array(operations.length).fill(-1)
    this.isRequired = Uint8Array.from(operations, ({ outcome }) => (outcome === 'ok' ? 1 : 0))
    this.calls = Float64Array.from(operations, ({ call }) => call)
    this.returns = Float64Array.from(
      operations,
      ({ return: returned }) => returned ?? Number.POSITIVE_INFINITY,
    )
    for (let i = 0; i < operations.length; i++) {
      const { input, output, outcome } = operations[i]!
      if (input.kind === 'enqueue') {
        this.kinds[i] = ENQUEUE
        this.elementOf[i] = this.#numberOf(input.element)
      } else if (outcome !== 'ok' || output === undefined) {
        this.kinds[i] = UNKNOWN_DEQUEUE
      } else if (output !== null) {
        this.kinds[i] = TAKE
        this.elementOf[i] = this.#numberOf(output)
      }
    }
  }

  get elements(): number {
    return this.#numbers.size
  }

  contentsOf(state: number): Int32Array {
    return (this.#contents[state] ??= Int32Array.from(this.#states[state]!, (each) => this.#numberOf(each)))
  }

  #numberOf(element: HistoryValue): number {
    const key = valueKey(element)
    let number = this.#numbers.get(key)
    if (number === undefined) this.#numbers.set(key, (number = this.#numbers.size))
    return number
  }
}

/** From the earliest to the latest place that a take can have among all takes. */
interface Ranks {
  readonly from: number
  readonly to: number
}

class FirstInFirstOut implements Pruning {
  readonly #queue: NumberedQueue
  /** By element: takes, and enqueues, that are not placed yet; and all takes. */
  readonly #takesLeft: Int32Array
  readonly #enqueuesLeft: Int32Array
  readonly #takes: Int32Array
  #unknownDequeuesLeft = 0
  #enqueued = 0
  readonly #placed: Uint8Array
  readonly #isContradiction: boolean
  /** By element, for takes; undefined when there are dequeues of unknown outcome. */
  readonly #ranks: readonly (readonly Ranks[])[] | undefined
  readonly #takesInAll: number

  /** Elements that go in and come out once, by the return of their take. */
  readonly #enqueues: readonly number[]
  readonly #takeCalls: Float64Array
  readonly #takeReturns: Float64Array
  /** For each enqueue its place there; -1 for others. */
  readonly #placeOf: Int32Array
  /** The first of them that is not placed. */
  #firstLeft = 0

  constructor(queue: NumberedQueue, chosen: Int32Array) {
    this.#queue = queue
    const { kinds, elementOf, calls, returns } = queue
    this.#takesLeft = new Int32Array(queue.elements)
    this.#enqueuesLeft = new Int32Array(queue.elements)
    this.#placed = new Uint8Array(kinds.length)
    const takes: number[] = []
    const enqueueOf = new Int32Array(queue.elements).fill(-1)
    for (const operation of chosen) {
      this.#count(operation, 1)
      if (kinds[operation] === TAKE) takes.push(operation)
      if (kinds[operation] === ENQUEUE) enqueueOf[elementOf[operation]!] = operation
    }
    this.#takes = this.#takesLeft.slice()
    this.#takesInAll = takes.length
    this.#isContradiction = this.#takes.some((count, element) => count > this.#enqueuesLeft[element]!)
    this.#ranks = this.#unknownDequeuesLeft > 0 ? undefined : ranksOf(takes, queue)

    const once = takes
      .filter((take) => this.#takes[elementOf[take]!] === 1 && this.#enqueuesLeft[elementOf[take]!] === 1)
      .sort((left, right) => returns[left]! - returns[right]!)
    this.#enqueues = once.map((take) => enqueueOf[elementOf[take]!]!)
    this.#takeCalls = Float64Array.from(once, (take) => calls[take]!)
    this.#takeReturns = Float64Array.from(once, (take) => returns[take]!)
    this.#placeOf = new Int32Array(kinds.length).fill(-1)
    for (const [place, enqueue] of this.#enqueues.entries()) this.#placeOf[enqueue] = place
  }

  /** An element came out more often than it went in. */
  isContradiction(): boolean {
    return this.#isContradiction
  }

  placed(operation: number): void {
    this.#placed[operation] = 1
    this.#count(operation, -1)
    if (this.#queue.kinds[operation] === ENQUEUE) this.#enqueued++
    if (this.#placeOf[operation] !== this.#firstLeft) return
    while (this.#firstLeft < this.#enqueues.length && this.#placed[this.#enqueues[this.#firstLeft]!] === 1)
      this.#firstLeft++
  }

  removed(operation: number): void {
    this.#placed[operation] = 0
    this.#count(operation, 1)
    if (this.#queue.kinds[operation] === ENQUEUE) this.#enqueued--
    const place = this.#placeOf[operation]!
    if (place >= 0 && place < this.#firstLeft) this.#firstLeft = place
  }

  loses(before: number, operation: number, after: number): boolean {
    const kind = this.#queue.kinds[operation]!
    if (kind === ENQUEUE) return this.#enqueueLoses(operation, after)
    return kind === UNKNOWN_DEQUEUE && before !== after && this.#takesWhatIsNeeded(before, after)
  }

  #enqueueLoses(operation: number, after: number): boolean {
    const { elementOf, isRequired } = this.#queue
    const element = elementOf[operation]!
    if (isRequired[operation] === 0 && this.#takes[element] === 0) return true
    const place = this.#placeOf[operation]!
    if (place >= 0 && this.#firstLeft < this.#enqueues.length)
      if (this.#takeReturns[this.#firstLeft]! < this.#takeCalls[place]!) return true
    if (this.#ranks !== undefined && this.#enqueued < this.#takesInAll) {
      const rank = this.#enqueued
      if (!this.#ranks[element]!.some(({ from, to }) => from <= rank && rank <= to)) return true
    }
    return this.#takesLeft[element]! > 0 && this.#enqueuesLeft[element] === 1 && this.#isBlocked(after)
  }

  /** Whether more that nobody takes stands in front of the last than unknown dequeues can take away. */
  #isBlocked(state: number): boolean {
    const contents = this.#queue.contentsOf(state)
    let untaken = 0
    for (let i = 0; i < contents.length - 1; i++) if (this.#takes[contents[i]!] === 0) untaken++
    return untaken > this.#unknownDequeuesLeft && this.#isOnlyCopy(contents)
  }

  #isOnlyCopy(contents: Int32Array): boolean {
    return contents.indexOf(contents[contents.length - 1]!) === contents.length - 1
  }

  #takesWhatIsNeeded(before: number, after: number): boolean {
    const taken = this.#queue.contentsOf(before)[0]!
    let supply = this.#enqueuesLeft[taken]!
    for (const element of this.#queue.contentsOf(after)) if (element === taken) supply++
    return supply < this.#takesLeft[taken]!
  }

  #count(operation: number, change: number): void {
    const element = this.#queue.elementOf[operation]!
    const kind = this.#queue.kinds[operation]
    if (kind === ENQUEUE) this.#enqueuesLeft[element]! += change
    else if (kind === TAKE) this.#takesLeft[element]! += change
    else if (kind === UNKNOWN_DEQUEUE) this.#unknownDequeuesLeft += change
  }
}

function ranksOf(
  takes: readonly number[],
  { calls, returns, elementOf, elements }: NumberedQueue,
): Ranks[][] {
  const ranks: Ranks[][] = Array.from({ length: elements }, () => [])
  const byCall = Float64Array.from(takes, (take) => calls[take]!).sort()
  const byReturn = Float64Array.from(takes, (take) => returns[take]!).sort()
  for (const take of takes) {
    const from = countBelow(byReturn, calls[take]!)
    const to = countBelow(byCall, returns[take]!) - 1
    ranks[elementOf[take]!]!.push({ from, to })
  }
  return ranks
}

/** How many of the sorted numbers are smaller. */
function countBelow(sorted: Float64Array, than: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < than) low = middle + 1
    else high = middle
  }
  return low
}
