import { Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { HttpMetrics } from '../metrics/http-metrics.ts'
import { backupRoute } from './backup-route.ts'
import type { OnNode, Served } from './environment.ts'
import { faultRoutes } from './fault-routes.ts'
import { refuseForeignPages } from './foreign-pages.ts'
import { keyRoutes } from './key-routes.ts'
import { leaseRoutes } from './lease-routes.ts'
import { memberRoutes } from './member-routes.ts'
import { nodeRoutes } from './node-routes.ts'
import { openApiRoute } from './openapi-route.ts'
import { problemOf } from './problem.ts'
import { rangeRoute } from './range-route.ts'
import { answerNotFound } from './refusals.ts'
import { watchRoute } from './watch-route.ts'

const PATHS = [
  '/status',
  '/healthz',
  '/readyz',
  '/metrics',
  '/v1/cluster',
  '/v1/faults',
  '/v1/members',
  '/v1/range',
  '/v1/watch',
  '/v1/leases',
  '/v1/backup',
  '/v1/openapi.json',
]

/** All routes of a node, as one function of a request. */
export function createApplication(served: Served): Hono<OnNode> {
  const { log } = served
  const metrics = new HttpMetrics()
  const application = new Hono<OnNode>()

  application.use(async (c, next) => {
    const beganMs = performance.now()
    metrics.begin()
    // Errors became answers by the time this returns.
    await next()
    const tookMs = performance.now() - beganMs
    metrics.end(c.req.method, routeOf(c.req.path), c.res.status, tookMs / 1_000)
    log.debug('http', {
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      took_ms: Math.round(tookMs),
    })
  })
  application.use(refuseForeignPages(served.hostNames))

  for (const routes of [
    nodeRoutes(served, metrics),
    keyRoutes(served),
    rangeRoute(served),
    backupRoute(served),
    leaseRoutes(served),
    watchRoute(served, metrics),
    faultRoutes(served),
    memberRoutes(served),
    openApiRoute(served),
  ]) {
    application.route('/', routes)
  }

  application.notFound((c) =>
    answerNotFound(c, `nothing is served at ${c.req.path}: there are ${PATHS.join(', ')} and /v1/keys/{key}`),
  )

  application.onError((error, c) => {
    const { status, problem, headers } = problemOf(error)
    if (problem.code === 'internal') log.error('http-bug', { method: c.req.method, path: c.req.path, error })
    return c.json(problem, status as ContentfulStatusCode, headers)
  })

  return application
}

/** Few names for many paths. */
function routeOf(path: string): string {
  if (path.startsWith('/v1/keys/')) return '/v1/keys/{key}'
  if (path.startsWith('/v1/leases/')) {
    return path.endsWith('/keep-alive') ? '/v1/leases/{id}/keep-alive' : '/v1/leases/{id}'
  }
  return PATHS.includes(path) ? path : 'other'
}
