import { Hono } from 'hono'
import type { NodeStatus } from '../../engines/embedded/status.ts'
import type { HttpMetrics } from '../metrics/http-metrics.ts'
import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from '../metrics/prometheus.ts'
import type { OnNode, Served } from './environment.ts'

/** A node this many entries behind what it knows to be committed still catches up after a start. */
const READY_LAG_MAX = 1_000

/** What a node says of itself: `/status`, `/healthz`, `/readyz`, `/metrics`, `/v1/cluster`. */
export function nodeRoutes({ node }: Served, httpMetrics: HttpMetrics): Hono<OnNode> {
  const routes = new Hono<OnNode>()

  routes.get('/status', (c) => c.json(node.status()))

  /** The process answers; nothing is said about the cluster. */
  routes.get('/healthz', (c) => c.json({ healthy: true }))

  routes.get('/readyz', (c) => {
    const reason = notReadyBecause(node.status())
    return reason === undefined
      ? c.json({ ready: true })
      : c.json({ ready: false, reason }, 503, { 'retry-after': '1' })
  })

  routes.get('/metrics', (c) => {
    c.header('content-type', PROMETHEUS_CONTENT_TYPE)
    return c.body(renderPrometheus([...node.metrics(), ...httpMetrics.read()]))
  })

  routes.get('/v1/cluster', (c) => {
    const { cluster_id, cluster_size, leader_id, term, members, unreachable } = node.status()
    return c.json({
      cluster_id,
      cluster_size,
      leader_id,
      term,
      members: members.map((member) => ({ ...member, reachable: !unreachable.includes(member.node_id) })),
    })
  })

  return routes
}

function notReadyBecause({ leader_id, applied_index, commit_index }: NodeStatus): string | undefined {
  if (leader_id === null) return 'no leader is known: a majority of the members must reach each other'
  if (applied_index === 0) return 'nothing was applied yet'
  const behind = commit_index - applied_index
  return behind > READY_LAG_MAX ? `${behind} committed entries wait to be applied` : undefined
}
