import type { HistoryValue } from '../event.ts'

/**
 * The elements of lists that are being read, one list within another, so that each list is made at its right size: most
 * have three elements, and one that grows element by element keeps room for seventeen.
 */
export class OpenLists {
  readonly #elements: HistoryValue[] = []
  #length = 0

  /** Where a list begins; give it back to `take`. */
  mark(): number {
    return this.#length
  }

  push(element: HistoryValue): void {
    this.#elements[this.#length++] = element
  }

  /** The elements since the mark. */
  take(mark: number): HistoryValue[] {
    const elements = this.#elements.slice(mark, this.#length)
    this.#length = mark
    return elements
  }
}
