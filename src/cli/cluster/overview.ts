import type { NodeStatus } from '../../engines/embedded/status.ts'
import { DureError } from '../../foundation/errors.ts'
import { formatBytes, formatCount } from '../output/format.ts'
import type { Cell, Column } from '../output/table.ts'
import { askSupervisor } from '../supervisor/control-client.ts'
import type { ProcessInfo, ProcessState } from '../supervisor/control-protocol.ts'
import type { NodeAddress } from './layout.ts'
import { NodeHttp } from './node-http.ts'

/** One node from outside: its process as the supervisor sees it, its status as it says itself. */
export interface NodeOverview {
  readonly node: number
  /** `unknown` when no supervisor runs. */
  readonly process: ProcessState | 'unknown'
  readonly ending: string | null
  /** Null when it does not answer. */
  readonly status: NodeStatus | null
  /** Entries that are committed somewhere and not applied here. */
  readonly lag: number | null
}

/** Asks the supervisor and every node that can answer, all at once. */
export async function observeNodes(
  directory: string,
  nodes: readonly NodeAddress[],
  timeoutMs: number,
): Promise<NodeOverview[]> {
  const processes = await askSupervisor(directory, { command: 'nodes' }).catch(
    (error: unknown): ProcessInfo[] => {
      if (error instanceof DureError) return []
      throw error
    },
  )
  const observed = await Promise.all(
    nodes.map(async ({ node, http }) => {
      const found = processes.find((process) => process.node === node)
      const answers = found === undefined || found.state === 'running'
      const status = answers ? await new NodeHttp(node, http, timeoutMs).status().catch(() => null) : null
      return { node, process: found?.state ?? 'unknown', ending: found?.ending ?? null, status } as const
    }),
  )
  const committed = Math.max(0, ...observed.map(({ status }) => status?.commit_index ?? 0))
  return observed.map((node) => ({
    ...node,
    lag: node.status === null ? null : committed - node.status.applied_index,
  }))
}

export const overviewColumns: readonly Column[] = [
  { title: 'NODE', align: 'left' },
  { title: 'ROLE', align: 'left' },
  { title: 'TERM', align: 'right' },
  { title: 'COMMIT', align: 'right' },
  { title: 'APPLIED', align: 'right' },
  { title: 'LAG', align: 'right' },
  { title: 'LOG', align: 'right' },
  { title: 'CANNOT REACH', align: 'left' },
]

/** By the node that has applied the most: one that was just added has not heard yet what it is. */
export function learnersOf(nodes: readonly NodeOverview[]): ReadonlySet<number> {
  const statuses = nodes.flatMap(({ status }) => status ?? [])
  const [newest] = statuses.toSorted((a, b) => b.applied_index - a.applied_index)
  const learners = newest?.members.filter(({ role }) => role === 'learner') ?? []
  return new Set(learners.map(({ node_id }) => node_id))
}

export function overviewRow(
  { node, process, ending, status, lag }: NodeOverview,
  learners: ReadonlySet<number>,
): Cell[] {
  const none: Cell = { text: '–', tone: 'quiet' }
  if (status === null) {
    const role: Cell =
      process === 'paused'
        ? { text: 'paused', tone: 'warn' }
        : process === 'running' || process === 'unknown'
          ? { text: 'no answer', tone: 'bad' }
          : { text: process, tone: process === 'dead' ? 'bad' : 'warn' }
    const last: Cell = ending === null ? none : { text: ending, tone: 'quiet' }
    return [{ text: String(node) }, role, none, none, none, none, none, last]
  }
  const tone = { leader: 'good', candidate: 'warn', follower: 'plain' } as const
  return [
    { text: String(node) },
    learners.has(node) ? { text: 'learner', tone: 'warn' } : { text: status.state, tone: tone[status.state] },
    { text: formatCount(status.term) },
    { text: formatCount(status.commit_index) },
    { text: formatCount(status.applied_index) },
    { text: formatCount(lag ?? 0), ...((lag ?? 0) > 1_000 && { tone: 'warn' as const }) },
    { text: formatBytes(status.log_bytes) },
    status.unreachable.length === 0 ? none : { text: status.unreachable.join(', '), tone: 'warn' },
  ]
}

/** Who leads whom, in a sentence: the leader of the highest term that has one. */
export function overviewSummary(nodes: readonly NodeOverview[]): string {
  const answering = nodes.flatMap(({ status }) => status ?? [])
  const leader = answering.filter(({ state }) => state === 'leader').toSorted((a, b) => b.term - a.term)[0]
  const size = answering[0]?.cluster_size ?? nodes.length
  const majority = Math.floor(size / 2) + 1
  const up = `${answering.length} of ${nodes.length} nodes answer`
  if (leader !== undefined) return `node ${leader.node_id} leads in term ${leader.term}; ${up}`
  if (answering.length < majority) return `no leader: ${up}, ${majority} are needed`
  return `no leader yet; ${up}`
}
