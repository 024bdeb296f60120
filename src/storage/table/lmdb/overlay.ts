import { createRequire } from 'node:module'
import type * as sorted from 'sorted-btree'
import type { RowChange } from '../table.ts'
import { rowName } from './key.ts'

const byName = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** Rows in memory that are newer than LMDB's. */
export interface OverlayView {
  /** The change that holds for a key: its value may be undefined for "removed". */
  get(name: string): RowChange | undefined
  /** Changes from `name` on, in order. */
  from(name: string): IterableIterator<readonly [string, RowChange]>
}

/**
 * What was committed and is not in LMDB yet. A map answers point reads, which are most; a tree holds the order for
 * scans, and copies in no time for views that later commits must not change.
 *
 * Keeping the tree costs several times as much as the map, so keys go into it when somebody scans, sorted, in one go.
 * Where the overlay before this one was scanned, they go in one by one from the start: then no scan has to wait.
 */
export class Overlay implements OverlayView {
  readonly #changes = new Map<string, RowChange>()
  readonly #tree: Tree
  /** Names that are not in the tree yet. */
  #unordered: string[] = []
  #isOrdered: boolean
  #wasScanned = false
  #bytes = 0

  constructor(before?: Overlay) {
    this.#tree = new BTree(undefined, byName, 64)
    this.#isOrdered = before?.wasScanned ?? false
  }

  get sizeBytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0
  }

  get wasScanned(): boolean {
    return this.#wasScanned
  }

  set(change: RowChange): void {
    const name = rowName(change.key)
    const before = this.#changes.get(name)
    if (before !== undefined) this.#bytes -= sizeOf(before)
    this.#bytes += sizeOf(change)
    this.#changes.set(name, change)
    if (this.#isOrdered) this.#tree.set(name, change)
    else if (before === undefined) this.#unordered.push(name)
  }

  get(name: string): RowChange | undefined {
    return this.#changes.get(name)
  }

  /** In the order in which their keys came, which is how they lie in memory: to go through them by key costs twice as much. */
  changes(): IterableIterator<RowChange> {
    return this.#changes.values()
  }

  from(name: string): IterableIterator<readonly [string, RowChange]> {
    return this.#ordered().entries(name)
  }

  freeze(): OverlayView {
    const tree = this.#ordered().clone()
    return { get: (name) => tree.get(name), from: (name) => tree.entries(name) }
  }

  #ordered(): Tree {
    // Looking into nothing (a start does) says little about what comes.
    if (this.isEmpty) return this.#tree
    this.#wasScanned = true
    if (this.#isOrdered) return this.#tree
    this.#isOrdered = true
    // In order each goes to the end of the tree, which is quick.
    for (const name of this.#unordered.sort()) this.#tree.set(name, this.#changes.get(name)!)
    this.#unordered = []
    return this.#tree
  }
}

type Tree = InstanceType<typeof sorted.default.default<string, RowChange>>

// A CommonJS module with a `default` of its own: loaders disagree where an import would find that.
const { default: BTree } = createRequire(import.meta.url)('sorted-btree') as {
  readonly default: new (entries: undefined, compare: typeof byName, nodeSizeMax: number) => Tree
}

const sizeOf = ({ key, value }: RowChange): number => key.length + (value?.length ?? 0)
