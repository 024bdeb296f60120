import { createRequire } from 'node:module'
import type * as sorted from 'sorted-btree'
import type { RowChange } from '../../table.ts'
import { rowName } from '../key.ts'
import type { PackedRows } from './packed-rows.ts'
import { type RowAddress, RowArena } from './row-arena.ts'
import type { ChunkPool } from './row-chunks.ts'
import { NOT_HERE, RowIndex } from './row-index.ts'

/** Rows in memory that are newer than LMDB's. */
export interface OverlayView {
  /** Changes from the key with this name on, in order. */
  from(name: string): IterableIterator<readonly [string, RowChange]>
}

/** What an overlay held when it was frozen. */
export interface FrozenOverlay extends OverlayView {
  /** The change that holds for a key: its value may be undefined for "removed". */
  get(name: string): RowChange | undefined
  /** Nothing is asked of it any more. */
  close(): void
}

const byName = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/**
 * What was committed and is not in LMDB yet. A hash table answers point reads, which are most; a tree holds the order for
 * scans, and copies in no time for views that later commits must not change.
 *
 * Keeping the tree costs several times as much as the table, so keys go into it when somebody scans, in one go.
 * Where the overlay before this one was scanned, they go in one by one from the start: then no scan has to wait.
 */
export class Overlay implements OverlayView {
  readonly #rows: RowArena
  readonly #index: RowIndex
  readonly #tree: Tree
  #isOrdered: boolean
  #wasScanned = false
  /** Open ones. Rows they may read are not overwritten. */
  #frozenViews = 0

  constructor(pool: ChunkPool, before?: Overlay) {
    this.#rows = new RowArena(pool)
    this.#index = new RowIndex(this.#rows, before === undefined ? 0 : before.#index.count)
    this.#tree = new BTree(undefined, byName, 64)
    this.#isOrdered = before?.wasScanned ?? false
  }

  /** In memory; about what a flush writes. */
  get sizeBytes(): number {
    return this.#rows.sizeBytes
  }

  get isEmpty(): boolean {
    return this.#index.count === 0
  }

  get wasScanned(): boolean {
    return this.#wasScanned
  }

  set({ key, value }: RowChange, hash: number): void {
    const before = this.#index.find(key, hash)
    if (before !== NOT_HERE) {
      if (this.#frozenViews === 0 && this.#rows.overwrite(before, key, value)) return
      this.#rows.supersede(before)
    }
    const address = this.#rows.append(key, value)
    this.#index.set(key, hash, address)
    if (this.#isOrdered) this.#tree.set(rowName(key), address)
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

  from(name: string): IterableIterator<readonly [string, RowChange]> {
    return this.#changes(this.#ordered(), name)
  }

  freeze(): FrozenOverlay {
    const tree = this.#ordered().clone()
    this.#frozenViews++
    let isClosed = false
    return {
      get: (name) => {
        const address = tree.get(name)
        return address === undefined ? undefined : this.#changeAt(address)
      },
      from: (name) => this.#changes(tree, name),
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

  *#changes(tree: Tree, name: string): Generator<readonly [string, RowChange]> {
    for (const [each, address] of tree.entries(name)) yield [each, this.#changeAt(address)]
  }

  #changeAt(address: RowAddress): RowChange {
    return { key: this.#rows.keyAt(address), value: this.#rows.valueAt(address, Number.POSITIVE_INFINITY) }
  }

  #ordered(): Tree {
    // Looking into nothing (a start does) says little about what comes.
    if (this.isEmpty) return this.#tree
    this.#wasScanned = true
    if (this.#isOrdered) return this.#tree
    this.#isOrdered = true
    for (const address of this.#rows.addresses()) this.#tree.set(this.#rows.nameAt(address), address)
    return this.#tree
  }
}

type Tree = InstanceType<typeof sorted.default.default<string, RowAddress>>

// A CommonJS module with a `default` of its own: loaders disagree where an import would find that.
const { default: BTree } = createRequire(import.meta.url)('sorted-btree') as {
  readonly default: new (entries: undefined, compare: typeof byName, nodeSizeMax: number) => Tree
}
