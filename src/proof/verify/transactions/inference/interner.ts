import type { HistoryValue } from '../../history/event.ts'
import { valueKey } from '../../history/value/value-key.ts'

/** A map by what values hold. Numbers and texts, the usual keys, are looked up as they are. */
export class ValueMap<Item> {
  readonly #byPrimitive = new Map<HistoryValue, Item>()
  readonly #byText = new Map<string, Item>()

  get(value: HistoryValue): Item | undefined {
    return isComposite(value) ? this.#byText.get(valueKey(value)) : this.#byPrimitive.get(value)
  }

  set(value: HistoryValue, item: Item): void {
    if (isComposite(value)) this.#byText.set(valueKey(value), item)
    else this.#byPrimitive.set(value, item)
  }

  *items(): IterableIterator<Item> {
    yield* this.#byPrimitive.values()
    yield* this.#byText.values()
  }
}

/** Keys of a history as numbers from 0 on. */
export class KeyNumbers {
  readonly #numbers = new ValueMap<number>()
  readonly values: HistoryValue[] = []

  numberOf(key: HistoryValue): number {
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.values.length
      this.#numbers.set(key, number)
      this.values.push(key)
    }
    return number
  }
}

function isComposite(value: HistoryValue): boolean {
  return typeof value === 'object' && value !== null
}
