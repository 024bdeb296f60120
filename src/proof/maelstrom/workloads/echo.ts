import { repeat } from '../../workloads/generator/combinators.ts'
import { checkEcho } from '../checks/check-echo.ts'
import { historyValueOf } from '../protocol/json-value.ts'
import { described } from './described.ts'
import { client, type MaelstromWorkload } from './maelstrom-workload.ts'
import { anything, rpc } from './replies.ts'

const echoRpc = rpc('echo', { echo: anything }, '"echo": what was sent')

/** The first thing to try: does the program speak the protocol at all? */
export const echo: MaelstromWorkload = {
  ...described('echo'),
  plan: () => ({
    load: repeat(({ random }) => ({ f: 'echo', value: `Please echo ${random.integer(0, 999)}` })),
    atLeast: { echo: 1 },
    open: (call) =>
      client(['echo'], async ({ value }) => historyValueOf((await call(echoRpc, { echo: value })).echo)),
    check: (history) => checkEcho(history),
  }),
}
