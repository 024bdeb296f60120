import { z } from 'zod'
import { mix, repeat } from '../../workloads/generator/combinators.ts'
import { checkSpread } from '../checks/check-spread.ts'
import { historyValueOf } from '../protocol/json-value.ts'
import { described } from './described.ts'
import { FinalReads } from './final-reads.ts'
import { client, type MaelstromWorkload } from './maelstrom-workload.ts'
import { rpc } from './replies.ts'

const list = z.array(z.any())
const addRpc = rpc('add', {})
/** Programs in the field answer with either name. */
const readElementsRpc = {
  type: 'read',
  expected: '{"type": "read_ok", "in_reply_to": …, "value": [element, …]}, or {"type": "error", "code": …}',
  reply: z
    .looseObject({ type: z.literal('read_ok'), value: list.optional(), elements: list.optional() })
    .refine(({ value, elements }) => (value ?? elements) !== undefined, {
      path: ['value'],
      message: 'it is missing',
    }),
}
const broadcastRpc = rpc('broadcast', {})
const readMessagesRpc = rpc('read', { messages: list }, '"messages": [message, …]')
const topologyRpc = rpc('topology', {})

/** Every message reaches every node in the end; each node is told whom to count as its neighbours. */
export const broadcast: MaelstromWorkload = {
  ...described('broadcast'),
  readsEachNode: true,
  plan({ topology, nodes }) {
    const final = new FinalReads(nodes)
    let messages = 0
    return {
      load: mix([
        repeat(() => ({ f: 'broadcast', value: messages++ })),
        repeat(() => ({ f: 'read', value: null })),
      ]),
      finalReads: final.generator,
      atLeast: { broadcast: 1, read: 1 },
      greet: (call) => call(topologyRpc, { topology }),
      open: (call, node) =>
        client(['read'], async ({ f, value }) => {
          if (f === 'broadcast') {
            await call(broadcastRpc, { message: value })
            return value
          }
          const { messages } = await call(readMessagesRpc, {})
          final.answered(node)
          return historyValueOf(messages)
        }),
      check: (history, options) => checkSpread(history, 'broadcast', options),
      unfinished: () => final.unfinished,
    }
  },
}

export const gSet: MaelstromWorkload = {
  ...described('g-set'),
  readsEachNode: true,
  plan({ nodes }) {
    const final = new FinalReads(nodes)
    let elements = 0
    return {
      load: mix([
        repeat(() => ({ f: 'add', value: elements++ })),
        repeat(() => ({ f: 'read', value: null })),
      ]),
      finalReads: final.generator,
      atLeast: { add: 1, read: 1 },
      open: (call, node) =>
        client(['read'], async ({ f, value }) => {
          if (f === 'add') {
            await call(addRpc, { element: value })
            return value
          }
          const { value: found, elements } = await call(readElementsRpc, {})
          final.answered(node)
          return historyValueOf(found ?? elements ?? [])
        }),
      check: (history, options) => checkSpread(history, 'add', options),
      unfinished: () => final.unfinished,
    }
  },
}
