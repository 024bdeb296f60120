import { seededRandom } from '../random-history.ts'
import type { Sketch, SketchedOperation } from './sketch.ts'

/**
 * For tests: a tiny history. In some, reads are of any value of the key; in some only of values of transactions that were
 * made before, because what goes in circles violates every level alike; in some each session is a replica that hears of
 * others' transactions together with what these had heard of; in most each transaction reads from a snapshot, mostly one
 * that its session may have. So each level often holds where the next does not. Now and then one read breaks everything.
 */
export function randomSketch(seed: number): Sketch {
  const random = seededRandom(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const transactions = 2 + below(4)
  const sessions = 1 + below(Math.min(4, transactions))
  const keys = 1 + below(3)
  const sizeMax = 1 + below(5)
  const writeRate = 0.25 + random() * 0.4
  const mode = random()
  const reads = mode < 0.1 ? 'any' : mode < 0.25 ? 'earlier' : mode < 0.6 ? 'replica' : 'snapshot'
  const staleRate = random()
  let value = 1
  const kinds = Array.from({ length: transactions }, () =>
    Array.from({ length: 1 + below(sizeMax) }, (): SketchedOperation => {
      const key = below(keys)
      return random() < writeRate ? ['w', key, value++] : ['r', key, null]
    }),
  )
  const lasts = kinds.map(lastWrites)
  const newestOf = new Map<number, number>()
  const heard = Array.from({ length: sessions }, () => new Set<number>())
  const heardBy: ReadonlySet<number>[] = []
  const sketched: SketchedOperation[][][] = Array.from({ length: sessions }, () => [])
  for (let at = 0; at < transactions; at++) {
    const session = below(sessions)
    const oldest = random() < 0.9 ? (newestOf.get(session) ?? 0) : 0
    // The transactions whose writes are in the snapshot.
    const cut = random() < staleRate ? oldest + below(at - oldest + 1) : at
    newestOf.set(session, at + 1)
    const known = heard[session]!
    for (let other = 0; other < at; other++) {
      if (random() < staleRate) continue
      for (const each of heardBy[other]!) known.add(each)
    }
    heardBy.push(new Set([...known, at]))
    const isReadable = (other: number): boolean => {
      switch (reads) {
        case 'any':
          return other !== at
        case 'earlier':
          return other < at
        case 'replica':
          return known.has(other)
        case 'snapshot':
          return other < cut
      }
    }
    const own = new Map<number | string, number | null>()
    sketched[session]!.push(
      kinds[at]!.map((operation): SketchedOperation => {
        const [kind, key, written] = operation
        if (kind === 'w') {
          own.set(key, written)
          return operation
        }
        if (own.has(key) && random() < 0.98) return ['r', key, own.get(key)!]
        if (random() < 0.003) return ['r', key, below(value + 1)]
        const readable: (number | null)[] = [null]
        for (let other = 0; other < transactions; other++) {
          const last = isReadable(other) ? lasts[other]!.get(key) : undefined
          if (last !== undefined) readable.push(last)
        }
        const newest = reads === 'snapshot' || reads === 'replica'
        return ['r', key, newest ? readable.at(-1)! : readable[below(readable.length)]!]
      }),
    )
    known.add(at)
  }
  return sketched.filter((session) => session.length > 0)
}

function lastWrites(operations: readonly SketchedOperation[]): ReadonlyMap<number | string, number> {
  return new Map(operations.flatMap(([kind, key, value]) => (kind === 'w' ? [[key, value!] as const] : [])))
}
