import type { HistoryValue } from '../history/event.ts'

/** What a store keeps to. `serializable` is strict: a commit takes effect between its call and its return. */
export type StoreIsolation =
  | 'serializable'
  | 'snapshot-isolation'
  | 'parallel-snapshot-isolation'
  | 'read-committed'

/**
 * What a store does wrong:
 *
 * - `dirty-read`: reads find what open transactions wrote. `aborted-read`: what aborted is kept.
 * - `dirty-write`: writes take their place at once, whatever else is open.
 * - `lost-update`: writes that came in between are not looked for. `write-skew`: nor are those of what was only read.
 * - `fractured-read`: the writes of a commit show up one by one.
 * - `stale-read`: snapshots are of some time ago.
 */
export type StoreFault =
  | 'dirty-read'
  | 'aborted-read'
  | 'dirty-write'
  | 'lost-update'
  | 'write-skew'
  | 'fractured-read'
  | 'stale-read'

interface Element {
  readonly value: HistoryValue
  readonly site: 0 | 1
  /** Number of its commit at its site. */
  readonly commit: number
}

/**
 * For tests: a small store of lists (or of registers, whose value is the last element) with versions. Keys hold elements
 * in the order of their commits, so that what a snapshot shows of a key is a beginning of its list.
 */
export class TransactionStore {
  readonly isolation: StoreIsolation
  readonly fault: StoreFault | undefined
  readonly #random: () => number
  readonly #elements = new Map<number, Element[]>()
  readonly #open = new Set<StoreTransaction>()
  /** Under read committed: who may write a key until it ends. */
  readonly #locks = new Map<number, StoreTransaction>()
  /** How many commits each site has made, and how many each has seen of the other. */
  readonly #commits: [number, number] = [0, 0]
  readonly #seen: [number, number] = [0, 0]

  constructor(isolation: StoreIsolation, fault: StoreFault | undefined, random: () => number) {
    this.isolation = isolation
    this.fault = fault
    this.#random = random
  }

  begin(): StoreTransaction {
    const two = this.isolation === 'parallel-snapshot-isolation'
    const site = two && this.#random() < 0.5 ? 1 : 0
    // What the other site did arrives now and then.
    if (two && this.#random() < 0.1) this.#seen[site] = this.#commits[1 - site]!
    const transaction = new StoreTransaction(this, site, this.snapshot(site))
    this.#open.add(transaction)
    return transaction
  }

  snapshot(site: 0 | 1): [number, number] {
    const own = this.#commits[site]!
    const behind = this.fault === 'stale-read' && this.#random() < 0.2 ? Math.min(own, 3) : 0
    const snapshot: [number, number] = [0, 0]
    snapshot[site] = own - behind
    snapshot[1 - site] = this.#seen[site]!
    return snapshot
  }

  elementsOf(key: number): Element[] {
    let elements = this.#elements.get(key)
    if (elements === undefined) this.#elements.set(key, (elements = []))
    return elements
  }

  /** How many elements of the key the snapshot shows. */
  visible(key: number, snapshot: readonly [number, number]): number {
    const elements = this.elementsOf(key)
    let count = elements.length
    while (count > 0 && elements[count - 1]!.commit > snapshot[elements[count - 1]!.site]!) count--
    return count
  }

  add(key: number, value: HistoryValue, site: 0 | 1, commit: number): void {
    this.elementsOf(key).push({ value, site, commit })
  }

  nextCommit(site: 0 | 1): number {
    return ++this.#commits[site]!
  }

  /** What others that are open wrote to the key. */
  openWrites(key: number, but: StoreTransaction): HistoryValue[] {
    return [...this.#open].flatMap((each) => (each === but ? [] : each.writesOf(key)))
  }

  /** False when another holds the key's lock. */
  lock(key: number, transaction: StoreTransaction): boolean {
    const holder = this.#locks.get(key)
    if (holder === undefined) this.#locks.set(key, transaction)
    return holder === undefined || holder === transaction
  }

  end(transaction: StoreTransaction): void {
    this.#open.delete(transaction)
    for (const [key, holder] of this.#locks) if (holder === transaction) this.#locks.delete(key)
  }
}

export class StoreTransaction {
  readonly #store: TransactionStore
  readonly #site: 0 | 1
  readonly #snapshot: [number, number]
  readonly #reads = new Set<number>()
  readonly #writes: { readonly key: number; readonly value: HistoryValue }[] = []
  #written = 0
  /** It came upon a lock: it will abort. */
  #isRefused = false

  constructor(store: TransactionStore, site: 0 | 1, snapshot: [number, number]) {
    this.#store = store
    this.#site = site
    this.#snapshot = snapshot
  }

  /** The list of the key with the transaction's own elements at its end. */
  read(key: number): HistoryValue[] {
    const store = this.#store
    this.#reads.add(key)
    const snapshot = store.isolation === 'read-committed' ? store.snapshot(this.#site) : this.#snapshot
    const elements = store.elementsOf(key)
    const list: HistoryValue[] = []
    const count = store.fault === 'dirty-write' ? elements.length : store.visible(key, snapshot)
    for (let at = 0; at < count; at++) list.push(elements[at]!.value)
    if (store.fault === 'dirty-read') list.push(...store.openWrites(key, this))
    if (store.fault !== 'dirty-write') list.push(...this.writesOf(key))
    return list
  }

  write(key: number, value: HistoryValue): void {
    if (this.#store.isolation === 'read-committed' && !this.#store.lock(key, this)) this.#isRefused = true
    this.#writes.push({ key, value })
    if (this.#store.fault === 'dirty-write')
      this.#store.add(key, value, this.#site, this.#store.nextCommit(this.#site))
  }

  writesOf(key: number): HistoryValue[] {
    return this.#writes.filter((write) => write.key === key).map(({ value }) => value)
  }

  /** Whether it committed; undefined while it is at it. */
  commit(): boolean | undefined {
    const store = this.#store
    if (store.fault === 'dirty-write') return this.#end(true)
    if (this.#written === 0 && !this.#mayCommit()) return this.#abort()
    if (store.fault === 'fractured-read' && this.#written < this.#writes.length) {
      const { key, value } = this.#writes[this.#written++]!
      store.add(key, value, this.#site, store.nextCommit(this.#site))
      return this.#written === this.#writes.length ? this.#end(true) : undefined
    }
    this.#apply()
    return this.#end(true)
  }

  abort(): void {
    this.#abort()
  }

  #apply(): void {
    if (this.#writes.length === 0) return
    const commit = this.#store.nextCommit(this.#site)
    for (const { key, value } of this.#writes) this.#store.add(key, value, this.#site, commit)
  }

  #mayCommit(): boolean {
    const { isolation, fault } = this.#store
    if (this.#isRefused) return false
    if (isolation === 'read-committed' || fault === 'lost-update') return true
    const keys = new Set(this.#writes.map(({ key }) => key))
    if (isolation === 'serializable' && fault !== 'write-skew') for (const key of this.#reads) keys.add(key)
    return [...keys].every(
      (key) => this.#store.visible(key, this.#snapshot) === this.#store.elementsOf(key).length,
    )
  }

  #abort(): false {
    if (this.#store.fault === 'aborted-read') this.#apply()
    this.#end(false)
    return false
  }

  #end<Committed extends boolean>(committed: Committed): Committed {
    this.#store.end(this)
    return committed
  }
}
