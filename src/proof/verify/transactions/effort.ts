import type { Budget } from '../verdict/budget.ts'
import type { Spent } from '../verdict/verdict.ts'

const STEPS = 2_000_000_000
const MEMORY_BYTES = 2 ** 31
const ASKED_EVERY = 65_536

/** What a check has spent of its budget. A step is an edge, a node or a read value that was looked at. */
export class Effort {
  readonly #budget: Budget
  #steps = 0
  #nextQuestion = 0
  #memoryBytes = 0
  #isOver = false

  constructor(budget: Budget = {}) {
    this.#budget = budget
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get spent(): Spent {
    return { steps: this.#steps, memoryBytes: this.#memoryBytes }
  }

  /** False when the budget is spent: the caller gives up. */
  spend(steps: number): boolean {
    this.#steps += steps
    if (this.#steps < this.#nextQuestion && !this.#isOver) return true
    this.#nextQuestion = this.#steps + ASKED_EVERY
    const { steps: most = STEPS, isOver } = this.#budget
    this.#nextQuestion = Math.min(this.#nextQuestion, Math.max(most, this.#steps + 1))
    if (this.#steps > most || isOver?.() === true) this.#isOver = true
    return !this.#isOver
  }

  /** Notes what is held at one time; false when it is more than the budget allows. */
  hold(memoryBytes: number): boolean {
    this.#memoryBytes = Math.max(this.#memoryBytes, memoryBytes)
    if (memoryBytes > (this.#budget.memoryBytes ?? MEMORY_BYTES)) this.#isOver = true
    return !this.#isOver
  }
}
