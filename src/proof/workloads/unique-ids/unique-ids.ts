import { checkUniqueIds } from '../../verify/checks/unique-ids/check-unique-ids.ts'
import { ok, rowsClient } from '../client.ts'
import { eachWorker, limit, repeat, retried } from '../generator/combinators.ts'
import type { Generator } from '../generator/generator.ts'
import type { Workload } from '../workload.ts'

/** The version of a write is an id that no other write of the row has. */
export const uniqueIds: Workload = {
  name: 'unique-ids',
  description: 'takes ids from the versions of one row; no two are the same',
  plan: ({ prefix }) => ({
    load: generates(),
    // It gives some in the end as well, and not those of before.
    finalReads: retried(eachWorker(() => limit(1, generates()))),
    atLeast: { generate: 20 },
    open: (worker) => rowsClient(worker, prefix, async (rows) => ok(await rows.write('id', worker.process))),
    check: (history) => checkUniqueIds(history),
  }),
}

const generates = (): Generator => repeat(() => ({ f: 'generate', value: null }))
