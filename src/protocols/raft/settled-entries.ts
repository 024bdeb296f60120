import { logIndex, type Term, term } from '../../foundation/ids.ts'
import type { Entry, EntryKind } from './entry.ts'

const PAGE_ENTRIES = 1_024
const COLUMNS = 3

/** Columns in place of objects: `numbers` holds term, offset and length of each entry's data in its buffer. */
interface Page {
  readonly buffers: (ArrayBufferLike | undefined)[]
  readonly numbers: Float64Array
  /** By place, of entries that are no commands. */
  kinds: Map<number, EntryKind> | undefined
}

/**
 * Consecutive entries that are kept for long and asked for seldom: after they were applied the log holds them for followers that
 * are behind. As objects, two for each entry, they would make most of what the garbage collector has to look at; so an entry is
 * made anew when it is asked for.
 */
export class SettledEntries {
  readonly #pages: Page[] = []
  /** Of the first page's first place. */
  #start: number
  #next: number

  /** Empty; the first entry will be the one at `next`. */
  constructor(next: number) {
    this.#start = next
    this.#next = next
  }

  /** The index after the last entry. */
  get next(): number {
    return this.#next
  }

  push({ term, kind, data }: Entry): void {
    const place = (this.#next - this.#start) % PAGE_ENTRIES
    if (place === 0) {
      this.#pages.push({
        buffers: [],
        numbers: new Float64Array(PAGE_ENTRIES * COLUMNS),
        kinds: undefined,
      })
    }
    const page = this.#pages[this.#pages.length - 1]!
    page.buffers.push(data.buffer)
    const at = place * COLUMNS
    page.numbers[at] = term
    page.numbers[at + 1] = data.byteOffset
    page.numbers[at + 2] = data.length
    if (kind !== 'command') {
      page.kinds ??= new Map()
      page.kinds.set(place, kind)
    }
    this.#next++
  }

  at(index: number): Entry {
    const page = this.#pageOf(index)
    const place = this.#placeOf(index)
    const at = place * COLUMNS
    const data = new Uint8Array(page.buffers[place]!, page.numbers[at + 1]!, page.numbers[at + 2]!)
    const kind = page.kinds?.get(place) ?? 'command'
    return { index: logIndex(index), term: term(page.numbers[at]!), kind, data }
  }

  termAt(index: number): Term {
    return term(this.#pageOf(index).numbers[this.#placeOf(index) * COLUMNS]!)
  }

  dataBytesAt(index: number): number {
    return this.#pageOf(index).numbers[this.#placeOf(index) * COLUMNS + 2]!
  }

  /** Forgets the oldest entry, at `index`. */
  drop(index: number): void {
    const place = this.#placeOf(index)
    this.#pages[0]!.buffers[place] = undefined
    if (place < PAGE_ENTRIES - 1) return
    this.#pages.shift()
    this.#start += PAGE_ENTRIES
  }

  #pageOf(index: number): Page {
    return this.#pages[Math.floor((index - this.#start) / PAGE_ENTRIES)]!
  }

  #placeOf(index: number): number {
    return (index - this.#start) % PAGE_ENTRIES
  }
}
