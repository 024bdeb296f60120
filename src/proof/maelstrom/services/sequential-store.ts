import type { Random } from '../../../runtime/random.ts'
import type { Body } from '../protocol/message.ts'
import { type Found, keyOf, keyValueStep } from './key-value-request.ts'
import type { Service } from './service.ts'

/** How far behind a reader may be, in writes. */
const STATES_MAX = 32

/**
 * `seq-kv`: one order of all, and each client goes forward in it, but not every client is at its end. What changes
 * nothing is answered from a state at or after the last one that the client saw; what writes goes to the end.
 */
export class SequentialStore implements Service {
  readonly #random: Random
  /** By key, every value with the write that made it, the latest last; those that nobody can see any more are dropped. */
  readonly #versions = new Map<string, Version[]>()
  /** The last state that each client saw. */
  readonly #seen = new Map<string, number>()
  #writes = 0

  constructor(random: Random) {
    this.#random = random
  }

  handle(body: Body, src: string): Body {
    const key = keyOf(body)
    const oldest = Math.max(this.#seen.get(src) ?? 0, this.#writes - STATES_MAX)
    const state = this.#random.integer(oldest, this.#writes)
    const past = keyValueStep(body, this.#at(key, state))
    if (past.write === undefined) {
      this.#seen.set(src, state)
      return past.answer
    }
    const { answer, write } = keyValueStep(body, this.#at(key, this.#writes))
    if (write !== undefined) this.#write(key, write)
    this.#seen.set(src, this.#writes)
    return answer
  }

  #at(key: string, state: number): Found {
    return this.#versions.get(key)?.findLast(({ written }) => written <= state)
  }

  #write(key: string, { value }: NonNullable<Found>): void {
    const written = ++this.#writes
    const versions = this.#versions.get(key) ?? []
    const visible = versions.findLastIndex((version) => version.written <= written - STATES_MAX)
    this.#versions.set(key, [...versions.slice(Math.max(0, visible)), { written, value }])
  }
}

interface Version {
  readonly written: number
  readonly value: unknown
}
