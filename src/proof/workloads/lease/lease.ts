import { DureError } from '../../../foundation/errors.ts'
import type { KeyValueStore } from '../../../ports/key-value/key-value-store.ts'
import type { Lease } from '../../../ports/key-value/lease.ts'
import { absent } from '../../../ports/key-value/version.ts'
import { checkFencedMutualExclusion } from '../../verify/checks/mutual-exclusion/check-fenced-mutual-exclusion.ts'
import { fail, ok } from '../client.ts'
import { call } from '../generator/generator.ts'
import { Rows } from '../rows.ts'
import type { Answer, Workload } from '../workload.ts'

const TTL_MS = 1_000
const RELEASE_RATE = 0.2

/**
 * A lock that goes with its holder: a row under a lease. Whoever holds it uses a resource that refuses a fencing token
 * smaller than one it has seen, so that a holder who does not know that its lease is gone does no harm.
 */
export const lease: Workload = {
  name: 'lease',
  description:
    'holds a row by a lease and uses a fenced resource; tokens grow, and none is used after a newer one',
  plan({ prefix }) {
    /** By worker; what it believes to hold. */
    const held = new Map<number, Lease>()
    return {
      load: {
        next({ worker, random }) {
          const token = held.get(worker)?.token
          if (token === undefined) return call({ f: 'acquire', value: null })
          return call({ f: random.next() < RELEASE_RATE ? 'release' : 'use', value: token })
        },
      },
      atLeast: { acquire: 5, use: 5, release: 3 },
      open: (context) => ({
        async invoke({ f }, { timeoutMs }): Promise<Answer> {
          const { store, runtime, worker } = context
          const rows = new Rows(store, prefix, runtime, timeoutMs)
          if (f === 'acquire') {
            const acquired = await acquire(store, rows, timeoutMs)
            if (acquired === undefined) return fail('held')
            held.set(worker, acquired)
            return ok(acquired.token)
          }
          const own = held.get(worker)!
          if (f === 'use') {
            // Once more by a holder that lost it: the token must make that harmless. Then it stops.
            if (own.signal.aborted) held.delete(worker)
            return use(rows, own.token)
          }
          held.delete(worker)
          await own.release({ timeoutMs })
          return ok(own.token)
        },
        async close() {
          const own = held.get(context.worker)
          held.delete(context.worker)
          await own?.release()
        },
      }),
      check: (history) => checkFencedMutualExclusion(history),
    }
  },
}

/** Undefined when somebody else has it. */
async function acquire(store: KeyValueStore, rows: Rows, timeoutMs: number): Promise<Lease | undefined> {
  const granted = await store.lease({ ttlMs: TTL_MS, timeoutMs })
  try {
    await rows.write('holder', granted.token, { ifVersion: absent, lease: granted })
    return granted
  } catch (error) {
    // Whatever may be there goes with its lease.
    void granted.release().catch(() => {})
    if (error instanceof DureError && error.code === 'comparison-failed') return undefined
    throw error
  }
}

/** The resource: it remembers the greatest token that it has seen. */
async function use(rows: Rows, token: number): Promise<Answer> {
  const { value, version } = await rows.read('resource')
  if (value !== null && (value as number) > token) return fail('fenced')
  try {
    await rows.write('resource', token, { ifVersion: version })
    return ok(token)
  } catch (error) {
    if (error instanceof DureError && error.code === 'comparison-failed') return fail(error.code)
    throw error
  }
}
