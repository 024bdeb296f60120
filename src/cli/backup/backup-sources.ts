import type { NodeStatus } from '../../engines/embedded/status.ts'
import { DureError } from '../../foundation/errors.ts'
import { type GlobalOptions, localCluster } from '../options.ts'

/** A node that can be asked for a backup. */
export interface BackupNode {
  readonly name: string
  /** `host:port` of its HTTP. */
  readonly http: string
}

const STATUS_TIMEOUT_MS = 1_000

/** The nodes that the options mean. Errors: `invalid` with `--connect`, which says where peers listen and not HTTP. */
export function backupNodes(options: GlobalOptions, http: readonly string[] | undefined): BackupNode[] {
  if (http !== undefined) return http.map((address) => ({ name: address, http: address }))
  if (options.connect !== undefined) {
    const advice = 'name the HTTP addresses of its nodes instead: --http host:port,…'
    throw new DureError('invalid', `a backup comes over HTTP, and --connect names peer ports: ${advice}`)
  }
  const nodes = localCluster(options, 'backup').nodes.map(({ node, http }) => ({
    node,
    name: `node ${node}`,
    http,
  }))
  if (options.node === undefined) return nodes
  const chosen = nodes.filter(({ node }) => node === options.node)
  if (chosen.length > 0) return chosen
  const known = nodes.map(({ node }) => node).join(', ')
  throw new DureError('invalid', `there is no node ${options.node}: this cluster has ${known}`)
}

/** In the order in which they are asked: followers first, who have less to do; those that do not answer last. */
export async function inOrder(nodes: readonly BackupNode[]): Promise<BackupNode[]> {
  if (nodes.length === 1) return [...nodes]
  const ranked = await Promise.all(nodes.map(async (node) => ({ node, rank: rankOf(await statusOf(node)) })))
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ node }) => node)
}

function rankOf(status: NodeStatus | undefined): number {
  if (status === undefined) return 3
  if (status.leader_id === null) return 2
  return status.state === 'leader' ? 1 : 0
}

async function statusOf({ http }: BackupNode): Promise<NodeStatus | undefined> {
  try {
    const response = await fetch(`http://${http}/status`, { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) })
    return (await response.json()) as NodeStatus
  } catch {
    return undefined
  }
}
