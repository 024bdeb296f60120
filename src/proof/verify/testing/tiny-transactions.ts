import type { HistoryValue } from '../history/event.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import { seededRandom } from './random-history.ts'
import { end, invoke, recordedHistory, type SketchedTransaction } from './transaction-history.ts'

export interface TinyTransactionsOptions {
  readonly seed: number
  readonly workload: 'list-append' | 'rw-register'
  readonly transactionsMax: number
  readonly keys: number
  readonly stepsMax: number
  /** How many end aborted, or unknown. */
  readonly lostRate: number
  /** Whether a last transaction reads all keys, so that the order of all writes is known. */
  readonly readAllAtEnd?: boolean
}

/**
 * For tests: a few transactions whose reads are chosen at random from what some order of the writes could show, so that
 * about as many histories are fine as are not.
 */
export function tinyTransactions(options: TinyTransactionsOptions): RecordedHistory {
  const { workload, keys, stepsMax, transactionsMax, lostRate } = options
  const random = seededRandom(options.seed)
  const below = (count: number): number => Math.floor(random() * count)
  const write = workload === 'list-append' ? 'append' : 'w'
  const count = 2 + below(transactionsMax - 1)
  const plans = Array.from({ length: count }, () =>
    Array.from({ length: 1 + below(stepsMax) }, () => ({ key: below(keys), writes: random() < 0.5 })),
  )

  // Of each key, the writes in an order that most reads keep to: by transaction, in some order of those.
  const order = shuffled(count, below)
  const lists: HistoryValue[][] = Array.from({ length: keys }, () => [])
  const values = new Map<(typeof plans)[number][number], number>()
  const owner = new Map<string, number>()
  for (const transaction of order) {
    for (const step of plans[transaction]!) {
      if (!step.writes) continue
      const list = lists[step.key]!
      const value = list.length + 1
      values.set(step, value)
      owner.set(`${step.key} ${value}`, transaction)
      list.push(value)
    }
  }

  const read = (
    transaction: number,
    key: number,
    own: readonly HistoryValue[],
    known: HistoryValue | undefined,
  ) => {
    if (known !== undefined && random() < 0.9) {
      if (workload === 'rw-register') return own.at(-1) ?? known
      return [...(known as HistoryValue[]), ...own]
    }
    const foreign = lists[key]!.filter(
      (value) => owner.get(`${key} ${value}`) !== transaction || random() < 0.05,
    )
    const cut = foreign.slice(0, below(foreign.length + 1))
    if (random() < 0.05 && cut.length > 1) cut.splice(below(cut.length), 1)
    const list = [...cut, ...(random() < 0.95 ? own : [])]
    return workload === 'list-append' ? list : (list.at(-1) ?? null)
  }

  const transactions = plans.map((plan, transaction): SketchedTransaction => {
    const known = new Map<number, HistoryValue>()
    const own = new Map<number, HistoryValue[]>()
    const outcome = random() < lostRate ? (random() < 0.5 ? 'failed' : 'unknown') : 'ok'
    const steps = plan.map((step): readonly HistoryValue[] => {
      const { key } = step
      if (step.writes) {
        const value = values.get(step)!
        own.set(key, [...(own.get(key) ?? []), value])
        return [write, key, value]
      }
      const found = read(transaction, key, own.get(key) ?? [], known.get(key))
      known.set(key, found)
      own.set(key, [])
      return ['r', key, outcome === 'ok' ? found : null]
    })
    return { steps, outcome }
  })
  if (options.readAllAtEnd !== true) return scheduled(transactions, random, below)
  const isThere = (key: number, value: HistoryValue): boolean =>
    transactions[owner.get(`${key} ${value}`)!]!.outcome !== 'failed'
  const steps = lists.map((list, key) => {
    const there = list.filter((value) => isThere(key, value))
    return ['r', key, workload === 'list-append' ? there : (there.at(-1) ?? null)]
  })
  const events = scheduled(transactions, random, below).events.map(({ index, ...event }) => event)
  return recordedHistory(...events, invoke(99, { steps }), end(99, { steps }))
}

/** Two or three clients call them one by one, the calls of different clients overlapping at random. */
function scheduled(
  transactions: readonly SketchedTransaction[],
  random: () => number,
  below: (count: number) => number,
): RecordedHistory {
  const waiting = [...transactions]
  const open = new Map<number, SketchedTransaction>()
  const events: ReturnType<typeof invoke>[] = []
  let processes = 3
  const clients = [0, 1, 2]
  while (waiting.length > 0 || open.size > 0) {
    const place = below(clients.length)
    const client = clients[place]!
    const transaction = open.get(client)
    if (transaction !== undefined) {
      events.push(end(client, transaction))
      open.delete(client)
      if (transaction.outcome === 'unknown') clients[place] = processes++
    } else if (waiting.length > 0 && random() < 0.7) {
      const next = waiting.shift()!
      open.set(client, next)
      events.push(invoke(client, next))
    }
  }
  return recordedHistory(...events)
}

function shuffled(count: number, below: (count: number) => number): number[] {
  const order = Array.from({ length: count }, (_, at) => at)
  for (let at = count - 1; at > 0; at--) {
    const other = below(at + 1)
    ;[order[at], order[other]] = [order[other]!, order[at]!]
  }
  return order
}
