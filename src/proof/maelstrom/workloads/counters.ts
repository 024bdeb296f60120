import { z } from 'zod'
import { mix, repeat } from '../../workloads/generator/combinators.ts'
import { checkFinalSum } from '../checks/check-final-sum.ts'
import { described } from './described.ts'
import { FinalReads } from './final-reads.ts'
import { client, type MaelstromPlan, type MaelstromWorkload } from './maelstrom-workload.ts'
import { rpc } from './replies.ts'

const addRpc = rpc('add', {})
const readRpc = rpc('read', { value: z.int() }, '"value": an integer')

export const gCounter: MaelstromWorkload = {
  ...described('g-counter'),
  readsEachNode: true,
  plan: ({ nodes }) => plan(0, nodes),
}

export const pnCounter: MaelstromWorkload = {
  ...described('pn-counter'),
  readsEachNode: true,
  plan: ({ nodes }) => plan(-5, nodes),
}

function plan(deltaMin: number, nodes: readonly string[]): MaelstromPlan {
  const final = new FinalReads(nodes)
  return {
    load: mix([
      repeat(({ random }) => ({ f: 'add', value: random.integer(deltaMin, 4) })),
      repeat(() => ({ f: 'read', value: null })),
    ]),
    finalReads: final.generator,
    atLeast: { add: 1, read: 1 },
    open: (call, node) =>
      client(['read'], async ({ f, value }) => {
        if (f === 'add') {
          await call(addRpc, { delta: value })
          return value
        }
        const read = await call(readRpc, {})
        final.answered(node)
        return read.value
      }),
    check: checkFinalSum,
    unfinished: () => final.unfinished,
  }
}
