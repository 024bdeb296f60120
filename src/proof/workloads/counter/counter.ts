import { checkCounter } from '../../verify/checks/counter/check-counter.ts'
import { ok, rowsClient } from '../client.ts'
import { eachWorker, limit, mix, repeat, retried } from '../generator/combinators.ts'
import type { Generator } from '../generator/generator.ts'
import type { Workload } from '../workload.ts'

const ADDED_MAX = 5

/** One number that all workers raise by compare-and-set: every read lies between what was and what may have been added. */
export const counter: Workload = {
  name: 'counter',
  description: 'raises and reads a number; no read is below what was acknowledged or above what was tried',
  plan: ({ prefix }) => ({
    load: mix([repeat(({ random }) => ({ f: 'add', value: random.integer(1, ADDED_MAX) })), reads()]),
    finalReads: retried(eachWorker(() => limit(1, reads()))),
    atLeast: { add: 10, read: 10 },
    open: (worker) =>
      rowsClient(worker, prefix, async (rows, { f, value }) => {
        const { value: counted, version } = await rows.read('count')
        if (f === 'read') return ok(counted ?? 0)
        await rows.write('count', ((counted ?? 0) as number) + (value as number), { ifVersion: version })
        return ok(value)
      }),
    check: (history) => checkCounter(history),
  }),
}

const reads = (): Generator => repeat(() => ({ f: 'read', value: null }))
