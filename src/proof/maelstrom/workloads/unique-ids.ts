import { checkUniqueIds } from '../../verify/checks/unique-ids/check-unique-ids.ts'
import { repeat } from '../../workloads/generator/combinators.ts'
import { historyValueOf } from '../protocol/json-value.ts'
import { described } from './described.ts'
import { client, type MaelstromWorkload } from './maelstrom-workload.ts'
import { anything, rpc } from './replies.ts'

const generateRpc = rpc('generate', { id: anything }, '"id": …')

export const uniqueIds: MaelstromWorkload = {
  ...described('unique-ids'),
  plan: () => ({
    load: repeat(() => ({ f: 'generate', value: null })),
    atLeast: { generate: 2 },
    open: (call) => client([], async () => historyValueOf((await call(generateRpc, {})).id)),
    check: (history) => checkUniqueIds(history),
  }),
}
