import type { Body } from '../../protocol/message.ts'
import { type Program, ProgramError, type ProgramNode } from '../program-node.ts'

/** Passes requests on to a store of the network. Wrong: to one that is only consistent in the end. */
export const linKv: Program = (node, isWrong) => {
  for (const type of ['read', 'write', 'cas']) {
    node.on(type, async ({ body: { msg_id: _, ...body } }) => {
      const { in_reply_to: __, ...answer } = await node.rpc(isWrong ? 'lww-kv' : 'lin-kv', body)
      return answer
    })
  }
}

type Step = readonly [f: string, key: number, value: unknown]

/** All data under one key, replaced as a whole if it is as it was read. Wrong: replaced whatever it is. */
export const transactions: Program = (node, isWrong) => {
  node.on('txn', async ({ body }) => {
    const before = await read(node, 'data')
    const data: Record<string, unknown> = structuredClone(before ?? {}) as Record<string, unknown>
    const txn = (body.txn as Step[]).map(([f, key, value]): Step => {
      if (f === 'r') return [f, key, structuredClone(data[key] ?? null)]
      data[key] = f === 'append' ? [...((data[key] as unknown[] | undefined) ?? []), value] : value
      return [f, key, value]
    })
    if (txn.some(([f]) => f !== 'r')) {
      if (isWrong) await node.rpc('lin-kv', { type: 'write', key: 'data', value: data })
      else await exchange(node, 'data', before, data, 30)
    } else if (!isWrong) {
      // What was read is still so.
      await exchange(node, 'data', before, before ?? {}, 30)
    }
    return { type: 'txn_ok', txn }
  })
}

/** Each log under a key. Wrong: two nodes that send at once overwrite one another. */
export const kafka: Program = (node, isWrong) => {
  const logOf = async (key: string) => (await read(node, `log ${key}`)) as unknown[] | undefined
  node.on('send', async ({ body: { key, msg } }) => {
    const before = await logOf(key as string)
    const log = [...(before ?? []), msg]
    if (isWrong) await node.rpc('lin-kv', { type: 'write', key: `log ${key}`, value: log })
    else await exchange(node, `log ${key}`, before, log, 14)
    return { type: 'send_ok', offset: log.length - 1 }
  })
  node.on('poll', async ({ body }) => {
    const msgs: Record<string, unknown> = {}
    for (const [key, from] of Object.entries(body.offsets as Record<string, number>)) {
      const log = (await logOf(key)) ?? []
      msgs[key] = log.slice(from, from + 20).map((message, i) => [from + i, message])
    }
    return { type: 'poll_ok', msgs }
  })
  node.on('commit_offsets', async ({ body }) => {
    for (const [key, offset] of Object.entries(body.offsets as Record<string, number>)) {
      const before = (await read(node, `committed ${key}`)) as number | undefined
      if (before === undefined || before < offset)
        await exchange(node, `committed ${key}`, before, offset, 14)
    }
    return { type: 'commit_offsets_ok' }
  })
  node.on('list_committed_offsets', async ({ body }) => {
    const offsets: Record<string, unknown> = {}
    for (const key of body.keys as string[]) {
      const offset = await read(node, `committed ${key}`)
      if (offset !== undefined) offsets[key] = offset
    }
    return { type: 'list_committed_offsets_ok', offsets }
  })
}

async function read(node: ProgramNode, key: string): Promise<unknown> {
  try {
    return (await node.rpc('lin-kv', { type: 'read', key })).value
  } catch (error) {
    if (error instanceof ProgramError && error.code === 20) return undefined
    throw error
  }
}

/** Answers with `refusal` when somebody else was first. */
async function exchange(
  node: ProgramNode,
  key: string,
  from: unknown,
  to: unknown,
  refusal: number,
): Promise<Body> {
  try {
    return await node.rpc('lin-kv', {
      type: 'cas',
      key,
      from: from ?? null,
      to,
      create_if_not_exists: from === undefined,
    })
  } catch (error) {
    if (error instanceof ProgramError && error.code === 22)
      throw new ProgramError(refusal, 'somebody was first')
    throw error
  }
}
