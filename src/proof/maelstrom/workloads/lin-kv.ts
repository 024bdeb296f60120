import { checkLinearizable } from '../../verify/linearizability/check-linearizable.ts'
import { models } from '../../verify/linearizability/models/models.ts'
import { limit, mix, perKey, repeat } from '../../workloads/generator/combinators.ts'
import type { Asking } from '../../workloads/generator/generator.ts'
import { RpcError } from '../client/rpc.ts'
import { historyValueOf } from '../protocol/json-value.ts'
import { described } from './described.ts'
import { client, type MaelstromWorkload } from './maelstrom-workload.ts'
import { anything, rpc } from './replies.ts'

const readRpc = rpc('read', { value: anything }, '"value": …')
const writeRpc = rpc('write', {})
const casRpc = rpc('cas', {})

/** Together on one key, and for so many calls: what a search for an order can bear. */
const WORKERS_PER_KEY_MAX = 10
const CALLS_PER_KEY = 150
/** So few that a comparison has a chance. */
const VALUES = 5

export const linKv: MaelstromWorkload = {
  ...described('lin-kv'),
  plan: ({ nodes }) => ({
    load: perKey(Math.min(WORKERS_PER_KEY_MAX, 2 * nodes.length), () =>
      limit(
        CALLS_PER_KEY,
        mix([
          [2, repeat(() => ({ f: 'read', value: null }))],
          repeat((asking) => ({ f: 'write', value: anyValue(asking) })),
          repeat((asking) => ({ f: 'cas', value: [anyValue(asking), anyValue(asking)] })),
        ]),
      ),
    ),
    atLeast: { read: 1, write: 1 },
    open: (call) =>
      client(['read'], async ({ f, value, key }) => {
        switch (f) {
          case 'read':
            try {
              return historyValueOf((await call(readRpc, { key })).value)
            } catch (error) {
              // An answer as any other: the key is not there.
              if (error instanceof RpcError && error.code === 'key-does-not-exist') return null
              throw error
            }
          case 'write':
            await call(writeRpc, { key, value })
            return value
          default: {
            const [from, to] = value as readonly [number, number]
            await call(casRpc, { key, from, to })
            return value
          }
        }
      }),
    check: (history, { budget }) =>
      checkLinearizable(
        history,
        models.casRegister({ initial: null }),
        budget === undefined ? {} : { budget },
      ),
  }),
}

const anyValue = ({ random }: Asking): number => random.integer(0, VALUES - 1)
