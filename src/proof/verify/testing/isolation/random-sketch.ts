import { seededRandom } from '../random-history.ts'
import type { Sketch, SketchedOperation } from './sketch.ts'

/**
 * For tests: a tiny history. In some, reads are of any value of the key; in some only of values of transactions that were
 * made before, because what goes in circles violates every level alike; in most each transaction reads from a snapshot,
 * mostly one that its session may have, so that strong levels often hold and often just not. Now and then one read
 * breaks everything.
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
  const reads = mode < 0.1 ? 'any' : mode < 0.3 ? 'earlier' : 'snapshot'
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
  const sketched: SketchedOperation[][][] = Array.from({ length: sessions }, () => [])
  for (let at = 0; at < transactions; at++) {
    const session = below(sessions)
    const oldest = random() < 0.9 ? (newestOf.get(session) ?? 0) : 0
    // The transactions whose writes are in the snapshot.
    const cut = random() < staleRate ? oldest + below(at - oldest + 1) : at
    newestOf.set(session, at + 1)
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
        for (
          let other = 0;
          other < (reads === 'any' ? transactions : reads === 'earlier' ? at : cut);
          other++
        ) {
          const last = other === at ? undefined : lasts[other]!.get(key)
          if (last !== undefined) readable.push(last)
        }
        return ['r', key, reads === 'snapshot' ? readable.at(-1)! : readable[below(readable.length)]!]
      }),
    )
  }
  return sketched.filter((session) => session.length > 0)
}

function lastWrites(operations: readonly SketchedOperation[]): ReadonlyMap<number | string, number> {
  return new Map(operations.flatMap(([kind, key, value]) => (kind === 'w' ? [[key, value!] as const] : [])))
}
