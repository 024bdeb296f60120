import { absent, type Version } from '../../../ports/key-value/version.ts'
import { checkLinearizable } from '../../verify/linearizability/check-linearizable.ts'
import { models } from '../../verify/linearizability/models/models.ts'
import { fail, ok, rowsClient } from '../client.ts'
import { limit, mix, perKey, repeat } from '../generator/combinators.ts'
import type { Workload } from '../workload.ts'

const WORKERS_PER_LOCK = 5
/** A lock whose holder got no answer stays held: then comes the next one. */
const CALLS_PER_LOCK = 60

/** Whoever creates the row has the lock, and its version is the fencing token. */
export const lock: Workload = {
  name: 'lock',
  description: 'creates and deletes a row as a lock; one holder at a time, and fencing tokens only grow',
  plan: ({ prefix }) => ({
    load: perKey(WORKERS_PER_LOCK, () =>
      limit(
        CALLS_PER_LOCK,
        mix([repeat(() => ({ f: 'acquire', value: null })), repeat(() => ({ f: 'release', value: null }))]),
      ),
    ),
    atLeast: { acquire: 10, release: 5 },
    open(worker) {
      const held = new Map<string, Version>()
      return rowsClient(worker, prefix, async (rows, { f, key }) => {
        const name = `lock/${key}`
        if (f === 'acquire') {
          const token = await rows.write(name, worker.process, { ifVersion: absent })
          held.set(name, token)
          return ok(token)
        }
        const token = held.get(name)
        if (token === undefined) return fail('not-held')
        held.delete(name)
        await rows.remove(name, token)
        return ok(token)
      })
    },
    check: (history, budget) =>
      checkLinearizable(history, models.fencedLock(), budget === undefined ? {} : { budget }),
  }),
}
