import { absent } from '../../../ports/key-value/version.ts'
import { checkSetFull } from '../../verify/checks/set/check-set-full.ts'
import { ok, rowsClient } from '../client.ts'
import { eachWorker, limit, mix, repeat, retried } from '../generator/combinators.ts'
import type { Generator } from '../generator/generator.ts'
import type { Workload } from '../workload.ts'

/** Elements are added, one row each, and no read that begins after an element was acknowledged may miss it. */
export const set: Workload = {
  name: 'set',
  description: 'adds elements and reads all of them; none that was acknowledged is ever missing again',
  plan({ prefix }) {
    let elements = 0
    const adds = repeat(() => ({ f: 'add', value: elements++ }))
    return {
      load: mix([
        [50, adds],
        [1, reads()],
      ]),
      finalReads: retried(eachWorker(() => limit(1, reads()))),
      atLeast: { add: 20, read: 2 },
      open: (worker) =>
        rowsClient(worker, prefix, async (rows, { f, value }) => {
          if (f === 'read') return ok([...(await rows.readAll('element/')).values()].map((row) => row.value))
          // Elements of eight digits, so that they lie in their order.
          const name = `element/${String(value).padStart(8, '0')}`
          await rows.write(name, value as number, { ifVersion: absent })
          return ok(value)
        }),
      check: (history) => checkSetFull(history, { linearizable: true }),
    }
  },
}

const reads = (): Generator => repeat(() => ({ f: 'read', value: null }))
