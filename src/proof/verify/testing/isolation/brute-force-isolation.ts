import type { IsolationLevel } from '../../isolation/isolation-level.ts'
import type { Sketch } from './sketch.ts'

interface Plain {
  readonly session: number
  /** Key → last value written. */
  readonly writes: ReadonlyMap<number | string, number | null>
  readonly reads: readonly Read[]
}

interface Read {
  readonly key: number | string
  readonly writer: number
}

/**
 * For tests: the axioms of Biswas and Enea (2019), figure 2, for every total order of commits there is. Transaction 0 is
 * the initial state. Undefined when a read is of a value that no transaction left behind, or contradicts its own
 * transaction: then no level holds.
 */
export function bruteForceIsolation(sketch: Sketch): ReadonlySet<IsolationLevel> | undefined {
  const transactions = plainTransactions(sketch)
  if (transactions === undefined) return undefined
  const held = new Set<IsolationLevel>()
  for (const order of permutations(transactions.length - 1)) {
    const place = new Array<number>(transactions.length)
    place[0] = 0
    for (let i = 0; i < order.length; i++) place[order[i]! + 1] = i + 1
    const commits = (one: number, other: number): boolean => place[one]! < place[other]!
    if (!keepsSessionsAndReads(transactions, commits)) continue
    for (const level of Object.keys(axioms) as IsolationLevel[]) {
      if (!held.has(level) && keeps(level, transactions, commits)) held.add(level)
    }
  }
  return held
}

type Commits = (one: number, other: number) => boolean

function keepsSessionsAndReads(transactions: readonly Plain[], commits: Commits): boolean {
  for (let other = 1; other < transactions.length; other++) {
    for (let one = 1; one < transactions.length; one++) {
      if (one !== other && before(transactions, one, other) && !commits(one, other)) return false
    }
  }
  return true
}

/** The axiom's scheme: what is visible to a reader and writes the key committed before the writer that was read. */
function keeps(level: IsolationLevel, transactions: readonly Plain[], commits: Commits): boolean {
  for (let reader = 1; reader < transactions.length; reader++) {
    const { reads } = transactions[reader]!
    for (let at = 0; at < reads.length; at++) {
      const { key, writer } = reads[at]!
      for (let other = 0; other < transactions.length; other++) {
        if (other === writer || other === reader || !transactions[other]!.writes.has(key)) continue
        if (axioms[level](transactions, commits, other, reader, at) && !commits(other, writer)) return false
      }
    }
  }
  return true
}

type Axiom = (
  transactions: readonly Plain[],
  commits: Commits,
  other: number,
  reader: number,
  at: number,
) => boolean

const prefix: Axiom = (transactions, commits, other, reader) => {
  for (let last = 1; last < transactions.length; last++) {
    if (last === reader || !before(transactions, last, reader)) continue
    if (other === last || commits(other, last)) return true
  }
  return false
}

const axioms: Record<IsolationLevel, Axiom> = {
  'read-committed': (transactions, _commits, other, reader, at) =>
    transactions[reader]!.reads.slice(0, at).some(({ writer }) => writer === other),
  'read-atomic': (transactions, _commits, other, reader) => before(transactions, other, reader),
  causal: (transactions, _commits, other, reader) => happensBefore(transactions, other, reader),
  prefix,
  'snapshot-isolation': (transactions, commits, other, reader, at) => {
    if (prefix(transactions, commits, other, reader, at)) return true
    for (let conflicting = 1; conflicting < transactions.length; conflicting++) {
      if (conflicting === reader || !commits(conflicting, reader)) continue
      if (other !== conflicting && !commits(other, conflicting)) continue
      for (const key of transactions[conflicting]!.writes.keys()) {
        if (transactions[reader]!.writes.has(key)) return true
      }
    }
    return false
  },
  serializable: (_transactions, commits, other, reader) => commits(other, reader),
}

/** By the order of a session, or by a read; the initial state is before all. */
function before(transactions: readonly Plain[], one: number, other: number): boolean {
  if (one === 0) return other !== 0
  const { session, reads } = transactions[other]!
  return (transactions[one]!.session === session && one < other) || reads.some(({ writer }) => writer === one)
}

function happensBefore(
  transactions: readonly Plain[],
  one: number,
  other: number,
  seen = new Set<number>(),
): boolean {
  if (before(transactions, one, other)) return true
  seen.add(other)
  for (let middle = 1; middle < transactions.length; middle++) {
    if (seen.has(middle) || middle === other || !before(transactions, middle, other)) continue
    if (happensBefore(transactions, one, middle, seen)) return true
  }
  return false
}

function plainTransactions(sketch: Sketch): Plain[] | undefined {
  const keys = new Set(sketch.flat(2).map(([, key]) => key))
  const all: Plain[] = [{ session: -1, writes: new Map([...keys].map((key) => [key, null])), reads: [] }]
  const flat = sketch.flatMap((session, index) => session.map((transaction) => ({ index, transaction })))
  for (const { index, transaction } of flat) {
    const writes = new Map<number | string, number | null>()
    for (const [kind, key, value] of transaction) if (kind === 'w') writes.set(key, value)
    all.push({ session: index, writes, reads: [] })
  }
  for (let reader = 1; reader < all.length; reader++) {
    const own = new Map<number | string, number | null>()
    for (const [kind, key, value] of flat[reader - 1]!.transaction) {
      if (kind === 'w') own.set(key, value)
      else if (own.has(key)) {
        if (own.get(key) !== value) return undefined
      } else {
        const writer = all.findIndex(({ writes }) => writes.has(key) && writes.get(key) === value)
        if (writer === -1 || writer === reader) return undefined
        ;(all[reader]!.reads as Read[]).push({ key, writer })
      }
    }
  }
  return all
}

const known = new Map<number, readonly (readonly number[])[]>()

function permutations(count: number): readonly (readonly number[])[] {
  let all = known.get(count)
  if (all !== undefined) return all
  if (count === 0) all = [[]]
  else {
    all = permutations(count - 1).flatMap((order) =>
      Array.from({ length: count }, (_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]),
    )
  }
  known.set(count, all)
  return all
}

/** For tests: whether an order of commits, with snapshots where the level has them, explains every read. */
export function explainsReads(
  sketch: Sketch,
  level: IsolationLevel,
  order: { readonly transactions: Int32Array; readonly snapshots?: Int32Array },
): boolean {
  const transactions = plainTransactions(sketch)!
  const place = new Map<number, number>()
  for (let i = 0; i < order.transactions.length; i++) place.set(order.transactions[i]! + 1, i)
  if (place.size !== transactions.length - 1) return false
  const commits = (one: number, other: number): boolean => (place.get(one) ?? -1) < (place.get(other) ?? -1)
  if (!keepsSessionsAndReads(transactions, commits)) return false
  if (order.snapshots === undefined) return keeps(level, transactions, commits)
  for (let reader = 1; reader < transactions.length; reader++) {
    const snapshot = order.snapshots[reader - 1]!
    if (snapshot > place.get(reader)!) return false
    for (let other = 1; other < transactions.length; other++) {
      if (transactions[other]!.session === transactions[reader]!.session && other < reader) {
        if (place.get(other)! >= snapshot) return false
      }
      if (level !== 'snapshot-isolation' || other === reader || !commits(other, reader)) continue
      const conflict = [...transactions[other]!.writes.keys()].some((key) =>
        transactions[reader]!.writes.has(key),
      )
      if (conflict && place.get(other)! >= snapshot) return false
    }
    for (const { key, writer } of transactions[reader]!.reads) {
      let newest = 0
      for (let at = 0; at < snapshot; at++) {
        const other = order.transactions[at]! + 1
        if (transactions[other]!.writes.has(key)) newest = other
      }
      if (newest !== writer) return false
    }
  }
  return true
}
