import type { NodeStatus } from '../../engines/embedded/status.ts'
import type { Metric } from './metric.ts'

/** What a node's status says, as figures. */
export function statusMetrics(status: NodeStatus): Metric[] {
  const gauge = (name: string, help: string, value: number, labels?: Metric['labels']): Metric => ({
    name,
    help,
    kind: 'gauge',
    value,
    ...(labels && { labels }),
  })
  return [
    gauge('dure_node_info', 'Always 1; who this is, in the labels.', 1, {
      node: status.node_id,
      cluster: status.cluster_id,
      version: status.version,
    }),
    ...(['leader', 'candidate', 'follower'] as const).map((state) =>
      gauge('dure_raft_state', '1 for the state that the node is in.', status.state === state ? 1 : 0, {
        state,
      }),
    ),
    gauge('dure_raft_term', 'The current term.', status.term),
    gauge('dure_raft_leader_known', '1 when the node knows a leader.', status.leader_id === null ? 0 : 1),
    gauge('dure_raft_commit_index', 'The last entry known to be committed.', status.commit_index),
    gauge('dure_raft_applied_index', 'The last entry that was applied.', status.applied_index),
    gauge('dure_raft_durable_index', 'The last entry that is durable in the table.', status.durable_index),
    gauge('dure_raft_last_index', 'The last entry of the log.', status.last_index),
    gauge('dure_log_bytes', 'Bytes of all log segments.', status.log_bytes),
    gauge('dure_groups', 'Raft groups on this node.', status.groups),
    gauge('dure_sessions', 'Client sessions that are remembered.', status.sessions),
    gauge('dure_leases', 'Leases that were granted and are not over.', status.leases),
    gauge('dure_members', 'Members of the cluster.', status.cluster_size),
    gauge(
      'dure_unreachable_members',
      'Members without a connection from this node.',
      status.unreachable.length,
    ),
    ...status.members
      .filter(({ match_index }) => match_index !== null)
      .map(({ node_id, match_index }) =>
        gauge(
          'dure_raft_match_index',
          'The last entry a member is known to hold (leader only).',
          match_index!,
          { node: node_id },
        ),
      ),
  ]
}
