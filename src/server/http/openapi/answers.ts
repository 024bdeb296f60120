import * as z from 'zod'
import type { NodeStatus } from '../../../engines/embedded/status.ts'
import type { Problem } from '../problem.ts'

/** The bodies of answers, for the document: what a client may rely on. Their types are those that the routes send. */

const count = z.int().min(0)
const nodeNumber = z.int().min(1)

export const problem: z.ZodType<Problem> = z.object({
  code: z
    .enum([
      ...['aborted', 'closed', 'compacted', 'comparison-failed', 'corrupt', 'data-directory', 'disk'],
      ...['forbidden', 'forgotten', 'internal', 'invalid', 'lease-lost', 'not-found', 'not-leader'],
      ...['overloaded', 'protocol', 'removed', 'session-expired', 'snapshot-expired', 'timeout', 'too-large'],
      ...['unavailable', 'unsupported', 'wrong-cluster'],
    ] as unknown as [Problem['code']])
    .meta({ description: 'Stable: programs may branch on it.' }),
  outcome: z.enum(['failed', 'unknown']).meta({
    description: 'failed: it did not and will not happen. unknown: it may have happened, or may happen yet.',
  }),
  message: z.string().meta({ description: 'What was asked, what was found, what to do.' }),
  retryable: z.boolean().meta({ description: 'The same request may succeed later.' }),
})

const member = z.object({
  node_id: nodeNumber,
  role: z.enum(['voter', 'learner']),
  peer_address: z.string(),
  http_address: z.string().meta({ description: 'Empty when nobody has told.' }),
  match_index: count.nullable().meta({ description: 'As the leader knows it; null on other nodes.' }),
})

export const nodeStatus = z.object({
  node_id: nodeNumber,
  cluster_id: z.string(),
  state: z.enum(['leader', 'candidate', 'follower']),
  term: count,
  cluster_size: count,
  leader_id: nodeNumber.nullable(),
  commit_index: count,
  applied_index: count,
  durable_index: count.meta({ description: 'Applied and durable in the table: the log is cut no further.' }),
  last_index: count,
  log_bytes: count,
  groups: count,
  sessions: count,
  leases: count,
  unreachable: z.array(nodeNumber).meta({ description: 'Members that this node has no connection to.' }),
  members: z.array(member),
  version: z.string(),
}) satisfies z.ZodType<NodeStatus>

export const health = z.object({ healthy: z.literal(true) })
export const ready = z.object({ ready: z.literal(true) })
export const notReady = z.object({ ready: z.literal(false), reason: z.string() })

const reachableMember = z.object({ ...member.shape, reachable: z.boolean() })

export const cluster = z.object({
  cluster_id: z.string(),
  cluster_size: count,
  leader_id: nodeNumber.nullable(),
  term: count,
  members: z.array(reachableMember),
})

export const members = z.object({
  cluster_id: z.string(),
  leader_id: nodeNumber.nullable(),
  members: z.array(reachableMember),
})
export const addedMember = z.object({
  node_id: nodeNumber,
  role: z.enum(['voter', 'learner']),
  peer_address: z.string(),
  http_address: z.string(),
})
export const promotedMember = z.object({ node_id: nodeNumber, role: z.literal('voter') })
export const removedMember = z.object({ node_id: nodeNumber, role: z.null() })

const version = count.meta({
  description: 'Of one key; a later write of it has a larger one. The ETag without quotes.',
})

export const written = z.object({ version })
export const removed = z.object({ existed: z.boolean() })

const encoding = z.literal('base64').optional().meta({ description: 'Only when it is not UTF-8.' })

export const page = z.object({
  rows: z.array(
    z.object({
      key: z.string(),
      key_encoding: encoding,
      value: z.string(),
      value_encoding: encoding,
      version,
    }),
  ),
  next: z.string().nullable().meta({ description: 'Give it back as `cursor`; null at the end.' }),
})

const leaseId = z.string().meta({ description: 'Opaque.' })

export const lease = z.object({
  id: leaseId,
  token: count.meta({ description: 'The fencing token: grows with every grant.' }),
  ttl_ms: count,
})
export const keptLease = z.object({ id: leaseId })

export const faults = z.object({
  blocked: z.array(nodeNumber),
  deaf_to: z.array(nodeNumber),
  mute_to: z.array(nodeNumber),
  peers: z.object({
    loss_probability: z.number().min(0).max(1),
    duplicate_probability: z.number().min(0).max(1),
    reorder_probability: z.number().min(0).max(1),
    delay_ms: z.number().min(0),
  }),
  delay_ms: z.number().min(0),
  disk_stall_ms: z.number().min(0),
})
