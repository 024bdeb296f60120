import { checkSessionGuarantees } from '../../verify/checks/session/check-session-guarantees.ts'
import type { HistoryValue } from '../../verify/history/event.ts'
import { ok, rowsClient } from '../client.ts'
import { eachWorker, mix, repeat, retried, sequence } from '../generator/combinators.ts'
import type { Workload } from '../workload.ts'

const KEYS = 4
const keys = Array.from({ length: KEYS }, (_, key) => key)

/** What each client sees of its own doings and of what it saw before, by the versions that the store tells. */
export const session: Workload = {
  name: 'session',
  description:
    'reads and writes a few keys; no client sees less than it wrote or saw before (the four guarantees)',
  plan({ prefix }) {
    let values = 0
    return {
      load: mix([
        repeat(({ random }) => ({ f: 'read', value: null, key: random.integer(0, KEYS - 1) })),
        repeat(({ random }) => ({ f: 'write', value: values++, key: random.integer(0, KEYS - 1) })),
      ]),
      finalReads: retried(eachWorker(() => sequence(keys.map((key) => ({ f: 'read', value: null, key }))))),
      atLeast: { read: 10, write: 10 },
      open: (worker) =>
        rowsClient(worker, prefix, async (rows, { f, value, key }) => {
          const name = `key/${key}`
          if (f === 'read') {
            const row = await rows.read(name)
            return ok(versioned(row.value, row.version))
          }
          return ok(versioned(value, await rows.write(name, value as number)))
        }),
      check: (history) => checkSessionGuarantees(history),
    }
  },
}

const versioned = (value: HistoryValue, version: number): HistoryValue =>
  new Map<HistoryValue, HistoryValue>([
    ['value', value],
    ['version', version],
  ])
