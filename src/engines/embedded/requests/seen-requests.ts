import type { Endpoint } from '../../../runtime/network.ts'

/** Of one sender. A copy arrives right behind the original or within a few more messages. */
const REMEMBERED = 256

/**
 * Tells a request from a copy of it. A copy must not be answered: when leadership is lost between the two, the first is
 * appended and may yet be committed, while the second is refused, and the refusal would tell its sender that nothing
 * happened.
 *
 * Ids are of the sender alone and grow, so each one has its slot.
 */
export class SeenRequests {
  readonly #ids = new Map<Endpoint, Float64Array>()

  /** Notes it. False for a copy. */
  isNew(from: Endpoint, id: number): boolean {
    let ids = this.#ids.get(from)
    if (ids === undefined) this.#ids.set(from, (ids = new Float64Array(REMEMBERED)))
    const slot = id % REMEMBERED
    if (ids[slot] === id) return false
    ids[slot] = id
    return true
  }

  /** The connection is gone: its endpoint is never used again. */
  forget(from: Endpoint): void {
    this.#ids.delete(from)
  }
}
