import { seededRandom } from '../random-history.ts'

/**
 * What kind of store answers:
 *
 * - `serializable`: one copy, one transaction after the other.
 * - `snapshot`: transactions read a snapshot that may be old, and of two that write one key at once the second gives up.
 * - `causal`: each session has its own replica; writes reach the others later, in an order that keeps causality, and the
 *   last of a key by a global clock wins.
 */
export type StoreKind = 'serializable' | 'snapshot' | 'causal'

export interface StoreHistoryOptions {
  readonly seed: number
  readonly store: StoreKind
  readonly sessions: number
  /** In all; the history has as many, give or take a transaction for each session. */
  readonly operations: number
  readonly operationsPerTransaction: number
  readonly keys: number
  /** Of the operations, how many are writes. */
  readonly writeRate: number
}

/** Takes in a history as it is made. A read of null is of the initial state. */
export interface StoreHistorySink {
  session(name: number): void
  transaction(event: number): void
  read(key: number, value: number | null): void
  write(key: number, value: number): void
}

/**
 * A large history that a correct store of that kind can produce, the same for the same seed: transactions of all
 * sessions take turns at random, and are given out session by session. Every value is written once.
 */
export function storeHistory(options: StoreHistoryOptions, sink: StoreHistorySink): void {
  const { sessions, operationsPerTransaction } = options
  const random = seededRandom(options.seed)
  const below = (count: number): number => Math.floor(random() * count)
  const transactions = Math.max(1, Math.round(options.operations / operationsPerTransaction))
  const store = newStore(options, below)
  // Operations as key and value in turn; a write's key is stored as -1 - key.
  const bySession = Array.from({ length: sessions }, (): number[][] => [])
  let value = 1
  for (let at = 0; at < transactions; at++) {
    const session = below(sessions)
    const operations: number[] = []
    const own = new Map<number, number>()
    const snapshot = store.begin(session)
    const plan = Array.from({ length: operationsPerTransaction }, () => ({
      key: below(options.keys),
      isWrite: random() < options.writeRate,
    }))
    for (const { key, isWrite } of plan) {
      if (isWrite && (own.has(key) || store.mayWrite(snapshot, key))) {
        own.set(key, value)
        operations.push(-1 - key, value++)
      } else operations.push(key, own.get(key) ?? store.read(snapshot, key))
    }
    store.commit(session, own)
    bySession[session]!.push(operations)
  }
  give(bySession, sink)
}

function give(bySession: readonly (readonly number[])[][], sink: StoreHistorySink): void {
  let event = 0
  for (let session = 0; session < bySession.length; session++) {
    if (bySession[session]!.length === 0) continue
    sink.session(session)
    for (const operations of bySession[session]!) {
      sink.transaction(event++)
      for (let at = 0; at < operations.length; at += 2) {
        const key = operations[at]!
        const value = operations[at + 1]!
        if (key < 0) sink.write(-1 - key, value)
        else sink.read(key, value === -1 ? null : value)
      }
    }
  }
}

interface Store {
  /** What a transaction of the session sees from now on, as a number that the store understands. */
  begin(session: number): number
  /** -1 for the initial state. */
  read(snapshot: number, key: number): number
  mayWrite(snapshot: number, key: number): boolean
  commit(session: number, writes: ReadonlyMap<number, number>): void
}

function newStore(options: StoreHistoryOptions, below: (count: number) => number): Store {
  switch (options.store) {
    case 'serializable':
      return new VersionedStore(options, () => 0)
    case 'snapshot':
      return new VersionedStore(options, () => below(3 * options.sessions))
    case 'causal':
      return new ReplicatedStore(options, below)
  }
}

/** All versions of each key, with the number of the commit that wrote them. */
class VersionedStore implements Store {
  readonly #versions: { readonly commits: number[]; readonly values: number[] }[]
  readonly #lastOf: number[]
  readonly #age: () => number
  #commits = 0

  constructor({ keys, sessions }: StoreHistoryOptions, age: () => number) {
    this.#versions = Array.from({ length: keys }, () => ({ commits: [], values: [] }))
    this.#lastOf = new Array(sessions).fill(0)
    this.#age = age
  }

  begin(session: number): number {
    return Math.max(this.#lastOf[session]!, this.#commits - this.#age())
  }

  read(snapshot: number, key: number): number {
    const { commits, values } = this.#versions[key]!
    let at = commits.length
    while (at > 0 && commits[at - 1]! > snapshot) at--
    return at === 0 ? -1 : values[at - 1]!
  }

  mayWrite(snapshot: number, key: number): boolean {
    return (this.#versions[key]!.commits.at(-1) ?? 0) <= snapshot
  }

  commit(session: number, writes: ReadonlyMap<number, number>): void {
    this.#commits++
    for (const [key, value] of writes) {
      this.#versions[key]!.commits.push(this.#commits)
      this.#versions[key]!.values.push(value)
    }
    this.#lastOf[session] = this.#commits
  }
}

/** A replica for each session, each with its place in the one log of commits: what it has heard of is a set of prefixes. */
class ReplicatedStore implements Store {
  readonly #replicas: Int32Array[]
  readonly #log: { readonly writes: ReadonlyMap<number, number>; readonly heard: Int32Array }[][]
  readonly #heard: Int32Array[]
  readonly #below: (count: number) => number

  constructor({ keys, sessions }: StoreHistoryOptions, below: (count: number) => number) {
    this.#replicas = Array.from({ length: sessions }, () => new Int32Array(keys).fill(-1))
    this.#log = Array.from({ length: sessions }, () => [])
    this.#heard = Array.from({ length: sessions }, () => new Int32Array(sessions))
    this.#below = below
  }

  begin(session: number): number {
    // Hears of some other session, up to some point, and of all that this had heard of.
    const other = this.#below(this.#log.length)
    const log = this.#log[other]!
    const known = this.#heard[session]![other]!
    if (other !== session && log.length > known) {
      const until = Math.min(log.length, known + 1 + this.#below(log.length - known))
      this.#hear(session, other, until)
    }
    return session
  }

  read(replica: number, key: number): number {
    return this.#replicas[replica]![key]!
  }

  mayWrite(): boolean {
    return true
  }

  commit(session: number, writes: ReadonlyMap<number, number>): void {
    this.#apply(session, writes)
    this.#log[session]!.push({ writes, heard: this.#heard[session]!.slice() })
    this.#heard[session]![session]!++
  }

  #hear(session: number, other: number, until: number): void {
    const heard = this.#heard[session]!
    for (let at = heard[other]!; at < until; at++) {
      const entry = this.#log[other]![at]!
      for (let third = 0; third < heard.length; third++) {
        for (let i = heard[third]!; i < entry.heard[third]!; i++) {
          this.#apply(session, this.#log[third]![i]!.writes)
        }
        if (entry.heard[third]! > heard[third]!) heard[third] = entry.heard[third]!
      }
      this.#apply(session, entry.writes)
      heard[other] = Math.max(heard[other]!, at + 1)
    }
  }

  /** Values are numbered by a global clock: the greatest wins. */
  #apply(session: number, writes: ReadonlyMap<number, number>): void {
    const replica = this.#replicas[session]!
    for (const [key, value] of writes) if (value > replica[key]!) replica[key] = value
  }
}
