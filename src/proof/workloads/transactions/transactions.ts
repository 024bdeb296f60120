import type { HistoryValue } from '../../verify/history/event.ts'
import { fail, ok, rowsClient } from '../client.ts'
import { retried, sequence } from '../generator/combinators.ts'
import { call, type Generator, type Request } from '../generator/generator.ts'
import type { Row, RowValue } from '../rows.ts'
import type { WorkerContext, WorkloadClient } from '../workload.ts'

export interface TransactionsShape {
  /** In use at a time. */
  readonly keys: number
  /** A key that was written so often is followed by a new one. */
  readonly writesPerKeyMax: number
  readonly operationsMax: number
}

const usual: TransactionsShape = { keys: 4, writesPerKeyMax: 32, operationsMax: 4 }

export type MicroOperation = readonly [f: string, key: number, value: HistoryValue]

/** What is there of every key in the end shows what was lost when nobody used it any more. */
export interface TransactionsLoad {
  readonly load: Generator
  readonly finalReads: Generator
}

/** Short transactions of reads and writes on a few keys; no value is written twice to a key. */
export function transactions(
  write: 'w' | 'append',
  { keys: keyCount, writesPerKeyMax, operationsMax }: TransactionsShape = usual,
): TransactionsLoad {
  const written = new Map<number, number>()
  const keys = Array.from({ length: keyCount }, (_, key) => key)
  let nextKey = keyCount
  function* readsOfAll(): Iterable<Request> {
    for (let first = 0; first < nextKey; first += operationsMax) {
      const count = Math.min(operationsMax, nextKey - first)
      yield {
        f: 'txn',
        value: Array.from({ length: count }, (_, i): MicroOperation => ['r', first + i, null]),
      }
    }
  }
  const load: Generator = {
    next({ random }) {
      const operations: MicroOperation[] = []
      for (let count = random.integer(1, operationsMax); count > 0; count--) {
        const at = random.integer(0, keyCount - 1)
        const key = keys[at]!
        if (random.next() < 0.5) {
          operations.push(['r', key, null])
          continue
        }
        const value = (written.get(key) ?? 0) + 1
        written.set(key, value)
        operations.push([write, key, value])
        if (value === writesPerKeyMax) keys[at] = nextKey++
      }
      return call({ f: 'txn', value: operations })
    },
  }
  return { load, finalReads: retried(sequence(readsOfAll())) }
}

/**
 * Runs transactions on one commit each: what they touch is read first, and the commit compares it all, so that nothing has
 * changed in between. Reads alone compare too, and write nothing.
 */
export function transactionsClient(worker: WorkerContext, prefix: string): WorkloadClient {
  return rowsClient(worker, prefix, async (rows, { value }) => {
    const operations = value as readonly MicroOperation[]
    const read = new Map<string, Row>()
    for (const [, key] of operations) {
      const name = `key/${key}`
      if (!read.has(name)) read.set(name, await rows.read(name))
    }
    const written = new Map<string, RowValue>()
    const done = operations.map(([f, key, value]): MicroOperation => {
      const name = `key/${key}`
      const now = written.has(name) ? written.get(name)! : read.get(name)!.value
      if (f === 'r') return ['r', key, now]
      const next = f === 'append' ? [...((now ?? []) as RowValue[]), value as number] : (value as number)
      written.set(name, next)
      return [f, key, value]
    })
    const { committed } = await rows.commit(read, written)
    return committed ? ok(done) : fail('comparison-failed')
  })
}
