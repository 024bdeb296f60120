import type { RowChange } from '../../table.ts'
import type { PackedRows } from './packed-rows.ts'
import { type RowAddress, RowArena } from './row-arena.ts'
import type { ChunkPool } from './row-chunks.ts'
import { NOT_HERE, RowIndex } from './row-index.ts'
import { inOrder, type SortedRun, SortedRuns } from './sorted-runs.ts'

/** Rows in memory that are newer than LMDB's. */
export interface OverlayView {
  /** Changes from `key` on, in order, each with the name of its key. A value may be undefined for "removed". */
  from(key: Uint8Array): IterableIterator<readonly [string, RowChange]>
}

/** What an overlay held when it was frozen. */
export interface FrozenOverlay extends OverlayView {
  /** Nothing is asked of it any more. */
  close(): void
}

/**
 * What was committed and is not in LMDB yet. A hash table answers point reads, which are most; sorted runs answer scans, and views
 * that later commits must not change.
 */
export class Overlay implements OverlayView {
  readonly #rows: RowArena
  readonly #index: RowIndex
  readonly #order: SortedRuns
  /** Open ones. Rows they may read are not overwritten. */
  #frozenViews = 0

  constructor(pool: ChunkPool, before?: Overlay) {
    this.#rows = new RowArena(pool)
    this.#index = new RowIndex(this.#rows, before === undefined ? 0 : before.#index.count)
    this.#order = new SortedRuns(this.#rows)
  }

  /** In memory; about what a flush writes. */
  get sizeBytes(): number {
    return this.#rows.sizeBytes
  }

  get isEmpty(): boolean {
    return this.#index.count === 0
  }

  set({ key, value }: RowChange, hash: number): void {
    const before = this.#index.find(key, hash)
    if (before !== NOT_HERE) {
      if (this.#frozenViews === 0 && this.#rows.overwrite(before, key, value)) return
      this.#rows.supersede(before)
    }
    const address = this.#rows.append(key, value)
    this.#index.set(key, hash, address)
    this.#order.add(address, key.length)
  }

  /** Where the key's row is, or `NOT_HERE`; until the next change of that row. */
  find(key: Uint8Array, hash: number): RowAddress | typeof NOT_HERE {
    return this.#index.find(key, hash)
  }

  /** The value of a row, or as much of its beginning; undefined when it was removed. */
  valueAt(address: RowAddress, bytesMax: number): Uint8Array | undefined {
    return this.#rows.valueAt(address, bytesMax)
  }

  /** For the writer, in the order in which the keys came; nothing may be changed any more. */
  packed(): PackedRows[] {
    return this.#rows.packed()
  }

  from(key: Uint8Array): IterableIterator<readonly [string, RowChange]> {
    return this.#changes(this.#order.runs(), key)
  }

  freeze(): FrozenOverlay {
    const runs = this.#order.runs()
    this.#frozenViews++
    let isClosed = false
    return {
      from: (key) => this.#changes(runs, key),
      close: () => {
        if (isClosed) return
        isClosed = true
        this.#frozenViews--
      },
    }
  }

  /** Lets go of it: its memory is used again, unless a frozen view still reads it. */
  release(): void {
    if (this.#frozenViews === 0) this.#rows.release()
  }

  *#changes(runs: readonly SortedRun[], from: Uint8Array): Generator<readonly [string, RowChange]> {
    const rows = this.#rows
    for (const address of inOrder(rows, runs, from)) {
      const change = { key: rows.keyAt(address), value: rows.valueAt(address, Number.POSITIVE_INFINITY) }
      yield [rows.nameAt(address), change]
    }
  }
}
