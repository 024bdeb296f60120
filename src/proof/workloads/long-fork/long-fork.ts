import { checkLongFork } from '../../verify/checks/long-fork/check-long-fork.ts'
import type { HistoryValue } from '../../verify/history/event.ts'
import { ok, rowsClient } from '../client.ts'
import { call, type Generator } from '../generator/generator.ts'
import type { Workload } from '../workload.ts'

const KEYS_PER_GROUP = 3
/** Before a group is followed by the next. */
const READS_PER_KEY = 3

/** Every key is written once, and reads of several keys must agree on which write came first. */
export const longFork: Workload = {
  name: 'long-fork',
  description: 'writes each key once and reads several; no two reads disagree on which write came first',
  plan: ({ prefix }) => ({
    load: groups(),
    atLeast: { read: 10, write: 10 },
    open: (worker) =>
      rowsClient(worker, prefix, async (rows, { f, value }) => {
        const operations = value as readonly (readonly [string, number, HistoryValue])[]
        if (f === 'write') {
          const [, key, written] = operations[0]!
          await rows.write(rowOf(key), written as number)
          return ok(value)
        }
        const group = Math.floor(operations[0]![1] / KEYS_PER_GROUP)
        const found = await rows.readAll(groupOf(group))
        return ok(operations.map(([, key]) => ['r', key, found.get(String(key))?.value ?? null]))
      }),
    check: (history) => checkLongFork(history, { groupSize: KEYS_PER_GROUP }),
  }),
}

function groups(): Generator {
  let group = 0
  let unwritten: number[] = []
  let reads = 0
  const begin = (next: number): void => {
    group = next
    reads = 0
    unwritten = keysOf(group)
  }
  begin(0)
  return {
    next({ random }) {
      if (unwritten.length === 0 && reads >= READS_PER_KEY * KEYS_PER_GROUP) begin(group + 1)
      if (unwritten.length > 0 && random.next() < 1 / (1 + READS_PER_KEY)) {
        const [key] = unwritten.splice(random.integer(0, unwritten.length - 1), 1)
        return call({ f: 'write', value: [['w', key!, 1]] })
      }
      reads++
      // In any order, as a store may look at them in any order.
      const keys = keysOf(group).map((key) => ({ key, place: random.next() }))
      return call({
        f: 'read',
        value: keys.sort((left, right) => left.place - right.place).map(({ key }) => ['r', key, null]),
      })
    },
  }
}

const keysOf = (group: number): number[] =>
  Array.from({ length: KEYS_PER_GROUP }, (_, i) => group * KEYS_PER_GROUP + i)
const groupOf = (group: number): string => `group/${group}/`
const rowOf = (key: number): string => `${groupOf(Math.floor(key / KEYS_PER_GROUP))}${key}`
