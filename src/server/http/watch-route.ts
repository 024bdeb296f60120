import { type Context, Hono } from 'hono'
import * as z from 'zod'
import { keyspacePrefix } from '../../blocks/keyspace/key-codec.ts'
import { DureError } from '../../foundation/errors.ts'
import { cursorFromText } from '../../ports/key-value/cursor.ts'
import type { Change, Watch } from '../../ports/key-value/watch.ts'
import type { HttpMetrics } from '../metrics/http-metrics.ts'
import type { OnNode, Served } from './environment.ts'
import { EventStream } from './event-stream.ts'
import { parseQuery, rangeQuery } from './parameters.ts'
import { boundsOf } from './range-route.ts'
import { answerMethodNotAllowed } from './refusals.ts'
import { asText } from './row-json.ts'

const { keyspace, from, to, prefix } = rangeQuery.shape
export const watchQuery = z.strictObject({
  keyspace,
  from,
  to,
  prefix,
  cursor: z
    .string()
    .optional()
    .meta({ description: 'Go on after this place: the id of an event. From now when it is left out.' }),
})

/** How long a watch may take to begin; then the answer is an error, as for any request. */
const READY_MS_MAX = 5_000

/**
 * `/v1/watch`: the changes of a keyspace's keys as server-sent events. The id of each is the cursor to go on after it,
 * which a browser's `EventSource` sends back by itself as `Last-Event-ID`.
 */
export function watchRoute({ store, stopping }: Served, metrics: HttpMetrics): Hono<OnNode> {
  const routes = new Hono<OnNode>()

  routes.get('/v1/watch', async (c) => {
    const query = parseQuery(c, watchQuery)
    const range = boundsOf(query)
    const cursor = c.req.header('last-event-id') || query.cursor
    const { signal, over } = eitherOf(c.req.raw.signal, stopping)
    let watch: Watch
    try {
      watch = await begun(() =>
        store.watch(range, { signal, ...(cursor && { from: cursorFromText(cursor) }) }),
      )
    } catch (error) {
      over()
      throw stopping.aborted ? stopping.reason : explained(error)
    }
    setHeaders(c)
    if (c.req.method === 'HEAD') {
      over()
      await watch.close()
      return c.body(null)
    }
    metrics.watchBegan()
    const keyspaceBytes = keyspacePrefix(query.keyspace).length
    const events = new EventStream(watch, {
      event: (change) => eventOf(change, keyspaceBytes),
      reason: (error) => (stopping.aborted ? stopping.reason : error),
      over: () => {
        over()
        metrics.watchEnded()
      },
    })
    return c.body(events.readable)
  })

  routes.all('/v1/watch', (c) => answerMethodNotAllowed(c, 'GET, HEAD'))
  return routes
}

async function begun(open: () => Watch): Promise<Watch> {
  const watch = open()
  const timer = setTimeout(() => void watch.close(), READY_MS_MAX)
  try {
    await watch.ready
    return watch
  } finally {
    clearTimeout(timer)
  }
}

/** Fires with the first of both; unlike `AbortSignal.any`, nothing of it stays with the one that lives on. */
function eitherOf(left: AbortSignal, right: AbortSignal) {
  const controller = new AbortController()
  const fire = (): void => controller.abort()
  for (const signal of [left, right]) {
    if (signal.aborted) fire()
    signal.addEventListener('abort', fire, { once: true })
  }
  const over = (): void => {
    for (const signal of [left, right]) signal.removeEventListener('abort', fire)
  }
  return { signal: controller.signal, over }
}

function setHeaders(c: Context<OnNode>): void {
  c.header('content-type', 'text/event-stream; charset=utf-8')
  c.header('cache-control', 'no-store')
  // Nothing follows it on its connection: so that a server that stops need not wait for more.
  c.header('connection', 'close')
  // Proxies that gather answers would hold events back.
  c.header('x-accel-buffering', 'no')
}

/** We closed it ourselves, when its time was up. */
function explained(error: unknown): unknown {
  if (!(error instanceof DureError) || error.code !== 'closed') return error
  const message = 'nobody said in time where the watch begins: try again, or another node'
  return new DureError('unavailable', message, { retryable: true })
}

function eventOf(change: Change, keyspaceBytes: number): string {
  const key = asText(change.key.subarray(keyspaceBytes))
  const value = change.kind === 'put' ? asText(change.value) : undefined
  const data = JSON.stringify({
    key: key.text,
    ...(!key.isText && { key_encoding: 'base64' }),
    ...(value !== undefined && { value: value.text }),
    ...(value?.isText === false && { value_encoding: 'base64' }),
    version: change.version,
  })
  return `id: ${change.cursor}\nevent: ${change.kind}\ndata: ${data}\n\n`
}
