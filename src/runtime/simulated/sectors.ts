import type { SeededRandom } from '../seeded-random.ts'
import { ByteSlab } from './byte-slab.ts'
import { isZeros } from './remembered.ts'

export const SECTOR_BYTES = 512
const PAGE_BYTES = 4096
const SECTORS_PER_PAGE = PAGE_BYTES / SECTOR_BYTES
/** Stands for any page that was written and holds zeros only; nothing is ever written into it. */
const zeroPage = new Uint8Array(PAGE_BYTES)

/** What a sector held before it was changed; undefined for zeros. */
type Before = Uint8Array | undefined

/** Changes between two syncs, kept so that a crash can take them back. */
interface Generation {
  readonly number: number
  readonly sectors: Map<number, Before>
  sizeBefore: number | undefined
}

/**
 * The bytes of one file on a disk with a cache: pages of memory as the process sees them, and for each sector that was
 * not synced what it held before.
 *
 * A sync that began seals a generation; when it ends well, that generation and all before it are safe. When it fails
 * they can never be made safe again, whatever later syncs say: the operating system has dropped them from its cache.
 */
export class Sectors {
  sizeBytes = 0
  readonly #pages: (Uint8Array | undefined)[] = []
  #pageCount = 0
  #generations: Generation[] = [{ number: 0, sectors: new Map(), sizeBefore: undefined }]
  #doomed: Generation = { number: -1, sectors: new Map(), sizeBefore: undefined }
  readonly #slab: ByteSlab

  /** What it remembers of sectors is copied into the slab, which many files may share. */
  constructor(slab: ByteSlab = new ByteSlab()) {
    this.#slab = slab
  }

  /** Memory on the medium. */
  get allocatedBytes(): number {
    return this.#pageCount * PAGE_BYTES
  }

  get isClean(): boolean {
    return this.#doomed.sectors.size === 0 && this.#generations.every(isEmpty) && isEmpty(this.#doomed)
  }

  /** How much a write there would add to the medium. */
  growthBytes(offset: number, length: number): number {
    let growth = 0
    for (let page = Math.floor(offset / PAGE_BYTES); page * PAGE_BYTES < offset + length; page++) {
      if (this.#pages[page] === undefined) growth += PAGE_BYTES
    }
    return growth
  }

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.sizeBytes)
    const bytes = new Uint8Array(Math.max(0, end - offset))
    for (let place = offset; place < end; ) {
      const within = place % PAGE_BYTES
      const take = Math.min(PAGE_BYTES - within, end - place)
      const page = this.#pages[Math.floor(place / PAGE_BYTES)]
      if (page !== undefined && page !== zeroPage)
        bytes.set(page.subarray(within, within + take), place - offset)
      place += take
    }
    return bytes
  }

  write(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const end = offset + bytes.length
    this.#remember(offset, end)
    for (let place = offset; place < end; ) {
      const within = place % PAGE_BYTES
      const take = Math.min(PAGE_BYTES - within, end - place)
      const part = bytes.subarray(place - offset, place - offset + take)
      const number = Math.floor(place / PAGE_BYTES)
      if (take === PAGE_BYTES && isZeros(part)) this.#clearPage(number)
      else this.#page(number).set(part, within)
      place += take
    }
    if (end > this.sizeBytes) this.#resize(end)
  }

  truncate(size: number): void {
    if (size === this.sizeBytes) return
    if (size < this.sizeBytes) {
      this.#remember(size, this.sizeBytes)
      this.#zero(size, this.sizeBytes)
    }
    this.#resize(size)
  }

  /** Changes the medium itself: no sync and no crash takes it back. */
  flipBit(offset: number, bit: number): void {
    const number = Math.floor(offset / PAGE_BYTES)
    if (this.#pages[number] !== undefined) this.#page(number)[offset % PAGE_BYTES]! ^= 1 << bit
  }

  /** A sync begins: answers the number to end it with. */
  seal(): number {
    const open = this.#generations.at(-1)!
    if (isEmpty(open)) return open.number - 1
    this.#generations.push({ number: open.number + 1, sectors: new Map(), sizeBefore: undefined })
    return open.number
  }

  synced(number: number): void {
    this.#generations = this.#generations.filter((generation) => generation.number > number)
  }

  syncFailed(number: number): void {
    for (const generation of this.#generations) {
      if (generation.number > number) break
      for (const [sector, before] of generation.sectors) {
        if (!this.#doomed.sectors.has(sector)) this.#doomed.sectors.set(sector, before)
      }
      this.#doomed.sizeBefore ??= generation.sizeBefore
    }
    this.synced(number)
  }

  /** A crash: takes back what was not synced, all, none or some sectors of it. Answers whether anything was lost. */
  settle(random: SeededRandom, tear: boolean): boolean {
    if (this.isClean) return false
    let isLost = false
    const mood = random.next()
    const keep = mood < 0.3 ? 0 : mood < 0.5 ? 1 : tear ? random.next() : Math.round(random.next())
    const kept = new Set<number>()
    const newestFirst = [this.#doomed, ...this.#generations].reverse()
    for (const generation of newestFirst) {
      for (const [sector, before] of generation.sectors) {
        if (kept.has(sector)) continue
        if (random.next() < keep) {
          kept.add(sector)
        } else {
          this.#restore(sector, before)
          isLost = true
        }
      }
    }
    let size = this.sizeBytes
    for (const { sizeBefore } of newestFirst) {
      if (sizeBefore === undefined) continue
      if (random.next() < keep) break
      size = sizeBefore
    }
    const written = this.sizeBytes
    this.sizeBytes = size
    if (size < written) this.#zero(size, written)
    this.#trim()
    this.forget()
    return isLost || size !== written
  }

  /** All is as if it had been synced. */
  forget(): void {
    const number = this.#generations.at(-1)!.number + 1
    this.#generations = [{ number, sectors: new Map(), sizeBefore: undefined }]
    this.#doomed = { number: -1, sectors: new Map(), sizeBefore: undefined }
  }

  #resize(size: number): void {
    const open = this.#generations.at(-1)!
    if (open.sizeBefore === undefined) open.sizeBefore = this.sizeBytes
    this.sizeBytes = size
    this.#trim()
  }

  #trim(): void {
    const pages = Math.ceil(this.sizeBytes / PAGE_BYTES)
    while (this.#pages.length > pages) if (this.#pages.pop() !== undefined) this.#pageCount--
  }

  #remember(from: number, to: number): void {
    const { sectors } = this.#generations.at(-1)!
    for (let sector = Math.floor(from / SECTOR_BYTES); sector * SECTOR_BYTES < to; sector++) {
      if (sectors.has(sector)) continue
      const page = this.#pages[Math.floor(sector / SECTORS_PER_PAGE)]
      const within = (sector % SECTORS_PER_PAGE) * SECTOR_BYTES
      const isZeros = page === undefined || page === zeroPage
      sectors.set(sector, isZeros ? undefined : this.#slab.copy(page.subarray(within, within + SECTOR_BYTES)))
    }
  }

  #restore(sector: number, before: Before): void {
    const number = Math.floor(sector / SECTORS_PER_PAGE)
    const within = (sector % SECTORS_PER_PAGE) * SECTOR_BYTES
    if (before !== undefined) this.#page(number).set(before, within)
    else this.#clear(number, within, SECTOR_BYTES)
  }

  #zero(from: number, to: number): void {
    for (let place = from; place < to; ) {
      const within = place % PAGE_BYTES
      const take = Math.min(PAGE_BYTES - within, to - place)
      this.#clear(Math.floor(place / PAGE_BYTES), within, take)
      place += take
    }
  }

  #clear(number: number, within: number, length: number): void {
    const page = this.#pages[number]
    if (page !== undefined && page !== zeroPage) page.fill(0, within, within + length)
  }

  #clearPage(number: number): void {
    if (this.#pages[number] === undefined) this.#pageCount++
    this.#pages[number] = zeroPage
  }

  /** To be written into. */
  #page(number: number): Uint8Array {
    const page = this.#pages[number]
    if (page !== undefined && page !== zeroPage) return page
    const made = new Uint8Array(PAGE_BYTES)
    if (page === undefined) this.#pageCount++
    this.#pages[number] = made
    return made
  }
}

function isEmpty(generation: Generation): boolean {
  return generation.sectors.size === 0 && generation.sizeBefore === undefined
}
