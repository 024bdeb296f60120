import type { HistoryValue } from '../../history/event.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { type ElementKey, elementKey } from './element-key.ts'

/**
 * A list that only grows at its end, as what it was before and one element more: so it takes no copy to append, and lists
 * that grew from one beginning in the same way are one object with one number.
 */
export class GrownList {
  readonly length: number
  /** Differs from those of all other lists that grew from the same beginning. */
  readonly number: number
  readonly #before: GrownList | undefined
  readonly #last: HistoryValue
  readonly #lists: { count: number }
  #longer: Map<ElementKey, GrownList> | undefined

  private constructor(before: GrownList | undefined, last: HistoryValue) {
    this.#before = before
    this.#last = last
    this.#lists = before === undefined ? { count: 0 } : before.#lists
    this.length = before === undefined ? 0 : before.length + 1
    this.number = this.#lists.count++
  }

  static of(elements: readonly HistoryValue[]): GrownList {
    let list = new GrownList(undefined, null)
    for (const element of elements) list = list.with(element)
    return list
  }

  with(element: HistoryValue): GrownList {
    const key = elementKey(element)
    this.#longer ??= new Map()
    let list = this.#longer.get(key)
    if (list === undefined) this.#longer.set(key, (list = new GrownList(this, element)))
    return list
  }

  /** Whether another list begins with this one; the elements before `from` are known to be the same. */
  begins(whole: readonly HistoryValue[], from = 0): boolean {
    if (this.length > whole.length) return false
    for (let list: GrownList = this; list.length > from; list = list.#before!)
      if (!equalValues(list.#last, whole[list.length - 1]!)) return false
    return true
  }

  elements(): HistoryValue[] {
    const elements: HistoryValue[] = new Array(this.length)
    for (let list: GrownList = this; list.length > 0; list = list.#before!)
      elements[list.length - 1] = list.#last
    return elements
  }
}
