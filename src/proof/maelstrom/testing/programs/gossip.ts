import type { Program, ProgramNode } from '../program-node.ts'

const GOSSIP_MS = 200

/** Tells each neighbour what it has not confirmed yet. Wrong: tells it once, and what is lost is lost. */
export const broadcast: Program = (node, isWrong) => {
  const seen = new Set<unknown>()
  const confirmed = new Map<string, Set<unknown>>()
  let neighbours: readonly string[] = []
  const take = (messages: readonly unknown[], from: string): void => {
    const fresh = messages.filter((message) => !seen.has(message))
    for (const message of fresh) seen.add(message)
    if (isWrong && fresh.length > 0)
      for (const to of neighbours) if (to !== from) node.send(to, { type: 'gossip', messages: fresh })
  }
  node.on('topology', ({ body }) => {
    neighbours = (body.topology as Record<string, string[]>)[node.id]!
    for (const neighbour of neighbours) confirmed.set(neighbour, new Set())
    return { type: 'topology_ok' }
  })
  node.on('broadcast', ({ src, body }) => {
    take([body.message], src)
    return { type: 'broadcast_ok' }
  })
  node.on('read', () => ({ type: 'read_ok', messages: [...seen] }))
  node.on('gossip', ({ src, body }) => {
    const messages = body.messages as readonly unknown[]
    take(messages, src)
    for (const message of messages) confirmed.get(src)?.add(message)
    if (!isWrong) node.send(src, { type: 'gossiped', messages })
    return undefined
  })
  node.on('gossiped', ({ src, body }) => {
    for (const message of body.messages as readonly unknown[]) confirmed.get(src)?.add(message)
    return undefined
  })
  if (isWrong) return
  node.every(GOSSIP_MS, () => {
    for (const neighbour of neighbours) {
      const news = [...seen].filter((message) => !confirmed.get(neighbour)!.has(message))
      if (news.length > 0) node.send(neighbour, { type: 'gossip', messages: news })
    }
  })
}

/** Wrong: the first node hears of nothing. */
export const gSet: Program = (node, isWrong) => {
  const elements = new Set<unknown>()
  node.on('add', ({ body }) => {
    elements.add(body.element)
    return { type: 'add_ok' }
  })
  node.on('read', () => ({ type: 'read_ok', value: [...elements] }))
  spread(
    node,
    () => [...elements],
    (theirs) => {
      if (isWrong && node.id === 'n1') return
      for (const element of theirs as unknown[]) elements.add(element)
    },
  )
}

/** What each node added and took, by its name. Wrong: one number, which the greater one replaces. */
export const counter: Program = (node, isWrong) => {
  const counts = new Map<string, { readonly added: number; readonly taken: number }>()
  node.on('add', ({ body }) => {
    const delta = body.delta as number
    const name = isWrong ? 'all' : node.id
    const { added, taken } = counts.get(name) ?? { added: 0, taken: 0 }
    counts.set(name, { added: added + Math.max(0, delta), taken: taken + Math.max(0, -delta) })
    return { type: 'add_ok' }
  })
  node.on('read', () => ({
    type: 'read_ok',
    value: [...counts.values()].reduce((sum, { added, taken }) => sum + added - taken, 0),
  }))
  spread(
    node,
    () => [...counts],
    (theirs) => {
      for (const [name, { added, taken }] of theirs as [string, { added: number; taken: number }][]) {
        const own = counts.get(name) ?? { added: 0, taken: 0 }
        counts.set(name, { added: Math.max(own.added, added), taken: Math.max(own.taken, taken) })
      }
    },
  )
}

function spread(node: ProgramNode, state: () => unknown, merge: (theirs: unknown) => void): void {
  node.on('merge', ({ body }) => {
    merge(body.state)
    return undefined
  })
  node.every(GOSSIP_MS, () => {
    for (const other of node.others) node.send(other, { type: 'merge', state: state() })
  })
}
