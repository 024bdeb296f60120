import type { HistoryValue } from '../../verify/history/event.ts'
import { fail, ok, rowsClient } from '../client.ts'
import { call, type Generator } from '../generator/generator.ts'
import type { Row, RowValue } from '../rows.ts'
import type { WorkerContext, WorkloadClient } from '../workload.ts'

/** Keys that are in use at a time; a key that was written often enough is followed by a new one. */
const KEYS = 4
const WRITES_PER_KEY_MAX = 32
const OPERATIONS_MAX = 4

export type MicroOperation = readonly [f: string, key: number, value: HistoryValue]

/** Short transactions of reads and writes on a few keys; no value is written twice to a key. */
export function transactions(write: 'w' | 'append'): Generator {
  const written = new Map<number, number>()
  const keys = Array.from({ length: KEYS }, (_, key) => key)
  let nextKey = KEYS
  return {
    next({ random }) {
      const operations: MicroOperation[] = []
      for (let count = random.integer(1, OPERATIONS_MAX); count > 0; count--) {
        const at = random.integer(0, KEYS - 1)
        const key = keys[at]!
        if (random.next() < 0.5) {
          operations.push(['r', key, null])
          continue
        }
        const value = (written.get(key) ?? 0) + 1
        written.set(key, value)
        operations.push([write, key, value])
        if (value === WRITES_PER_KEY_MAX) keys[at] = nextKey++
      }
      return call({ f: 'txn', value: operations })
    },
  }
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
