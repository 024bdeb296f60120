import { unreachable } from '../../../foundation/assert.ts'
import type { Random } from '../../../runtime/random.ts'
import type { ClusterUnderTest, FaultKind, LinkDisturbance } from './cluster-under-test.ts'
import { drawPartition, type PartitionShape, partitionShapes } from './partition-shape.ts'

/** Whom kills and pauses strike, and whose messages suffer. */
const targets = ['one', 'minority', 'majority', 'leader', 'all'] as const

/** Those that a fault holds now, so that no other takes them. */
export interface Victims {
  readonly killed: Set<string>
  readonly paused: Set<string>
}

export interface Fault {
  /** For a person: `3`, `1,2 | 3,4,5`. */
  readonly described: string
  /** Something of it could not be done; the rest was, and `undo` undoes that. */
  readonly error?: string
  undo(): Promise<void>
}

/** Undefined when there is nobody left to do it to. */
export async function beginFault(
  kind: FaultKind,
  cluster: ClusterUnderTest,
  random: Random,
  victims: Victims,
): Promise<Fault | undefined> {
  switch (kind) {
    case 'kill':
      return strike(await choose(cluster, random, victims), victims.killed, {
        begin: (node) => cluster.kill(node),
        end: (node) => cluster.start(node),
      })
    case 'pause':
      return strike(await choose(cluster, random, victims), victims.paused, {
        begin: (node) => cluster.pause(node),
        end: (node) => cluster.resume(node),
      })
    case 'partition':
      return partition(cluster, random)
    case 'packet':
      return disturb(cluster, random, victims)
    case 'member':
      return replaceMember(cluster)
    default:
      return unreachable(kind)
  }
}

async function choose(
  cluster: ClusterUnderTest,
  random: Random,
  { killed, paused }: Victims,
): Promise<readonly string[]> {
  const target = oneOf(targets, random)
  const leader = target === 'leader' ? await cluster.leader().catch(() => undefined) : undefined
  const free = cluster.nodes.filter((node) => !killed.has(node) && !paused.has(node))
  const count = cluster.nodes.length
  const drawn = shuffled(free, random)
  switch (target) {
    case 'leader':
      return leader !== undefined && free.includes(leader) ? [leader] : drawn.slice(0, 1)
    case 'one':
      return drawn.slice(0, 1)
    case 'minority':
      return drawn.slice(0, Math.max(1, Math.floor((count - 1) / 2)))
    case 'majority':
      return drawn.slice(0, Math.floor(count / 2) + 1)
    case 'all':
      return drawn
    default:
      return unreachable(target)
  }
}

async function strike(
  nodes: readonly string[],
  held: Set<string>,
  acts: { begin(node: string): Promise<void>; end(node: string): Promise<void> },
): Promise<Fault | undefined> {
  if (nodes.length === 0) return undefined
  for (const node of nodes) held.add(node)
  const begun = await Promise.allSettled(nodes.map((node) => acts.begin(node)))
  const failed = begun.find((result) => result.status === 'rejected')
  return {
    described: [...nodes].sort().join(','),
    ...(failed === undefined ? {} : { error: messageOf(failed.reason) }),
    async undo() {
      const struck = nodes.filter((_, i) => begun[i]!.status === 'fulfilled')
      const ended = await Promise.allSettled(struck.map((node) => acts.end(node)))
      for (const node of nodes) held.delete(node)
      const stuck = ended.find((result) => result.status === 'rejected')
      if (stuck !== undefined) throw stuck.reason
    },
  }
}

const leastNodes: Partial<Record<PartitionShape, number>> = { 'majority-ring': 4, bridge: 3 }

async function partition(cluster: ClusterUnderTest, random: Random): Promise<Fault | undefined> {
  const count = cluster.nodes.length
  if (count < 2) return undefined
  // Of three nodes in a ring each reaches all others, and a bridge between two has nobody on one side.
  const possible = partitionShapes.filter((shape) => count >= (leastNodes[shape] ?? 2))
  const shape = oneOf(possible, random)
  // Where the leader is on the small side there must be an election.
  const leader = random.next() < 0.5 ? await cluster.leader().catch(() => undefined) : undefined
  const { cuts, described } = drawPartition(shape, cluster.nodes, random, leader)
  return begun(
    `${shape} ${described}`,
    () => cluster.cut(cuts),
    () => cluster.cut([]),
  )
}

async function disturb(cluster: ClusterUnderTest, random: Random, victims: Victims): Promise<Fault> {
  const drawn: readonly LinkDisturbance[] = [
    { lossProbability: 0.05 + 0.25 * random.next() },
    { delayMs: 10 + 190 * random.next() },
    { duplicateProbability: 0.05 + 0.45 * random.next() },
    { reorderProbability: 0.05 + 0.45 * random.next(), delayMs: 20 },
  ]
  const { disturbances } = cluster
  const can = (name: string): boolean => disturbances?.has(name as keyof LinkDisturbance) ?? true
  const disturbance = oneOf(
    drawn.filter((each) => Object.keys(each).every(can)),
    random,
  )
  // Nobody's messages can suffer while all are dead or paused: then it is for those that come back.
  const chosen = can('nodes') ? await choose(cluster, random, victims) : []
  const isForAll = chosen.length === 0 || chosen.length === cluster.nodes.length
  return begun(
    isForAll ? inWords(disturbance) : `${inWords(disturbance)} of ${[...chosen].sort().join(',')}`,
    () => cluster.disturb!(isForAll ? disturbance : { ...disturbance, nodes: chosen }),
    () => cluster.disturb!(undefined),
  )
}

/** `loss 17 %`, `reorder 34 %, delay 20 ms`. */
function inWords({
  lossProbability,
  duplicateProbability,
  reorderProbability,
  delayMs,
}: LinkDisturbance): string {
  const parts = Object.entries({
    loss: lossProbability,
    duplication: duplicateProbability,
    reorder: reorderProbability,
  }).flatMap(([name, part]) => (part === undefined ? [] : [`${name} ${Math.round(part * 100)} %`]))
  return [...parts, ...(delayMs === undefined ? [] : [`delay ${Math.round(delayMs)} ms`])].join(', ')
}

async function replaceMember(cluster: ClusterUnderTest): Promise<Fault> {
  let removed = ''
  const fault = await begun(
    'a member',
    async () => {
      removed = await cluster.removeMember!()
    },
    async () => void (await cluster.addMember!()),
  )
  return { ...fault, described: fault.error === undefined ? `without ${removed}` : 'nobody' }
}

/** What could not be begun is undone all the same: part of it may have been done. */
async function begun(
  described: string,
  begin: () => Promise<void>,
  undo: () => Promise<void>,
): Promise<Fault> {
  try {
    await begin()
    return { described, undo }
  } catch (error) {
    return { described, error: messageOf(error), undo }
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const oneOf = <Value>(values: readonly Value[], random: Random): Value =>
  values[random.integer(0, values.length - 1)]!

function shuffled(nodes: readonly string[], random: Random): string[] {
  return nodes
    .map((node) => ({ node, place: random.next() }))
    .sort((left, right) => left.place - right.place)
    .map(({ node }) => node)
}
