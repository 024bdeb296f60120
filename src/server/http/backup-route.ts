import { createHash } from 'node:crypto'
import { Hono } from 'hono'
import * as z from 'zod'
import type { BackupSource } from '../../engines/embedded/backup/backups.ts'
import { DureError } from '../../foundation/errors.ts'
import { BackupWriter } from '../../storage/snapshot/backup-writer.ts'
import type { OnNode, Served } from './environment.ts'
import { parse, timeout_ms } from './parameters.ts'
import { answerMethodNotAllowed } from './refusals.ts'

const PATH = '/v1/backup'
const TIMEOUT_MS = 5_000

/** How slow a reader may be: pages that an open snapshot still shows cannot be used again, and the table grows. */
export interface BackupPace {
  /** Given to every reader. */
  readonly graceMs: number
  /** And so much more for what was sent. */
  readonly bytesPerSecondMin: number
}

const backupPace: BackupPace = { graceMs: 60_000, bytesPerSecondMin: 256 << 10 }

/**
 * `/v1/backup`: everything that was acknowledged before the request, as one file (`storage/snapshot/backup-format.ts`). The
 * node reads no further ahead than the connection takes it. A backup that could not be read to its end has no trailer.
 */
export function backupRoute({ node, log, backupPace: pace = backupPace }: Served): Hono<OnNode> {
  const routes = new Hono<OnNode>()
  const query = z.strictObject({ timeout_ms })

  routes.get(PATH, async (c) => {
    // Without a body there would be nobody to read, or to close, the snapshot.
    if (c.req.method === 'HEAD') return answerMethodNotAllowed(c, 'GET')
    const { timeout_ms: timeoutMs = TIMEOUT_MS } = parse(query, c.req.query(), 'the query')
    const source = await node.openBackup(timeoutMs)
    const { clusterId, index } = source.header
    log.info('backup-begins', { index })
    c.header('content-type', 'application/octet-stream')
    c.header('content-disposition', `attachment; filename="${clusterId}-${index}.dure"`)
    c.header('x-content-type-options', 'nosniff')
    const ended = (error: Error | undefined, sentBytes: number) =>
      error === undefined
        ? log.info('backup-ended', { index, bytes: sentBytes })
        : log.warn('backup-failed', { index, bytes: sentBytes, error })
    return c.body(streamOf(source, pace, ended))
  })

  routes.all(PATH, (c) => answerMethodNotAllowed(c, 'GET'))
  return routes
}

/** Takes a chunk when one is wanted and no sooner; lets the snapshot go however it ends. */
function streamOf(
  source: BackupSource,
  pace: BackupPace,
  ended: (error: Error | undefined, sentBytes: number) => void,
): ReadableStream<Uint8Array> {
  const writer = new BackupWriter(createHash('sha256'))
  const beganMs = performance.now()
  let sentBytes = 0
  let hasHeader = false
  let isOver = false
  let timer: NodeJS.Timeout | undefined
  const end = (error?: Error): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    source.close()
    ended(error, sentBytes)
  }
  const hurry = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    clearTimeout(timer)
    const allowedMs = pace.graceMs + (sentBytes / pace.bytesPerSecondMin) * 1_000
    timer = setTimeout(
      () => {
        const error = new DureError(
          'timeout',
          `the backup was read too slowly: ${sentBytes} bytes were taken`,
        )
        end(error)
        controller.error(error)
      },
      Math.max(0, allowedMs - (performance.now() - beganMs)),
    )
  }
  const send = (controller: ReadableStreamDefaultController<Uint8Array>, bytes: Uint8Array): void => {
    sentBytes += bytes.length
    controller.enqueue(bytes)
    hurry(controller)
  }
  return new ReadableStream<Uint8Array>(
    {
      start: hurry,
      pull: (controller) =>
        new Promise((resolve) => {
          if (!hasHeader) {
            hasHeader = true
            send(controller, writer.header(source.header))
            return resolve()
          }
          source.next((error, chunk) => {
            if (isOver) return resolve()
            if (error !== undefined) {
              end(error)
              controller.error(error)
            } else if (chunk !== undefined) {
              send(controller, writer.chunk(chunk))
            } else {
              send(controller, writer.trailer())
              end()
              controller.close()
            }
            resolve()
          })
        }),
      cancel: () => end(new DureError('aborted', 'whoever read the backup went away')),
    },
    { highWaterMark: 0 },
  )
}
