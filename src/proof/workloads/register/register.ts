import { checkLinearizable } from '../../verify/linearizability/check-linearizable.ts'
import { models } from '../../verify/linearizability/models/models.ts'
import { fail, ok, rowsClient } from '../client.ts'
import { limit, mix, perKey, repeat, retried, sequence } from '../generator/combinators.ts'
import type { Asking, Generator, Request } from '../generator/generator.ts'
import type { Workload } from '../workload.ts'

/** Together on one key, and for so many calls: what a search for an order can bear. */
const WORKERS_PER_KEY = 5
const CALLS_PER_KEY = 150
/** So few that a comparison has a chance. */
const VALUES = 5

/** Each value is written once, so a read tells which write it saw. */
export const register: Workload = {
  name: 'register',
  description: 'reads and writes single keys; each key is linearizable',
  plan: ({ prefix }) => ({
    ...onManyKeys(() => {
      let written = 0
      return mix([reads(), repeat(() => ({ f: 'write', value: written++ }))])
    }),
    atLeast: { read: 10, write: 10 },
    open: (worker) =>
      rowsClient(worker, prefix, async (rows, { f, value, key }) => {
        if (f === 'read') return ok((await rows.read(`register/${key}`)).value)
        await rows.write(`register/${key}`, value as number)
        return ok(value)
      }),
    check: (history, budget) =>
      checkLinearizable(history, models.register({ initial: null }), budget === undefined ? {} : { budget }),
  }),
}

/** Few values, exchanged for one another. */
export const casRegister: Workload = {
  name: 'cas-register',
  description: 'reads, writes and compares-and-sets single keys; each key is linearizable',
  plan: ({ prefix }) => ({
    ...onManyKeys(() =>
      mix([
        reads(),
        repeat((asking) => ({ f: 'write', value: anyValue(asking) })),
        repeat((asking) => ({ f: 'cas', value: [anyValue(asking), anyValue(asking)] })),
      ]),
    ),
    atLeast: { read: 10, write: 10, cas: 3 },
    open: (worker) =>
      rowsClient(worker, prefix, async (rows, { f, value, key }) => {
        const name = `register/${key}`
        if (f === 'write') {
          await rows.write(name, value as number)
          return ok(value)
        }
        const found = await rows.read(name)
        if (f === 'read') return ok(found.value)
        const [expected, next] = value as readonly [number, number]
        if (found.value !== expected) return fail('comparison-failed')
        await rows.write(name, next, { ifVersion: found.version })
        return ok(value)
      }),
    check: (history, budget) =>
      checkLinearizable(
        history,
        models.casRegister({ initial: null }),
        budget === undefined ? {} : { budget },
      ),
  }),
}

/** One key after another; in the end each is read once more: what was lost when nobody used it any more shows there. */
function onManyKeys(make: () => Generator): { readonly load: Generator; readonly finalReads: Generator } {
  let keys = 0
  function* readsOfAll(): Iterable<Request> {
    for (let key = 0; key < keys; key++) yield { f: 'read', value: null, key }
  }
  return {
    load: perKey(WORKERS_PER_KEY, (key) => {
      keys = key + 1
      return limit(CALLS_PER_KEY, make())
    }),
    finalReads: retried(sequence(readsOfAll())),
  }
}

const reads = (): Generator => repeat(() => ({ f: 'read', value: null }))
const anyValue = ({ random }: Asking): number => random.integer(0, VALUES - 1)
