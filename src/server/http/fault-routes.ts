import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as z from 'zod'
import { DureError } from '../../foundation/errors.ts'
import type { FaultControl } from '../faults/fault-control.ts'
import type { OnNode, Served } from './environment.ts'
import { readJson } from './json-body.ts'
import { parse } from './parameters.ts'
import { answerForbidden, answerMethodNotAllowed, answerTooLarge } from './refusals.ts'

const PATH = '/v1/faults'

export const faultsBody = z.strictObject({
  block: z.array(z.int().min(1).max(0xffff)).max(1_000).optional(),
  delay_ms: z.number().min(0).max(60_000).optional(),
  disk_stall_ms: z.number().min(0).max(60_000).optional(),
})

/** `/v1/faults`: cuts this node off from others or slows it down, on nodes that were started with `--allow-faults`. */
export function faultRoutes({ node, faults, log }: Served): Hono<OnNode> {
  const routes = new Hono<OnNode>()
  const describe = (control: FaultControl) => ({
    blocked: control.blocked,
    delay_ms: control.delayMs,
    disk_stall_ms: control.diskStallMs,
  })

  const withFaults =
    (handle: (c: Context<OnNode>, control: FaultControl) => Response | Promise<Response>) =>
    (c: Context<OnNode>) =>
      faults === undefined
        ? answerForbidden(
            c,
            'fault controls are off: start the node with --allow-faults, on a cluster that may be broken',
          )
        : handle(c, faults)

  routes.get(
    PATH,
    withFaults((c, control) => c.json(describe(control))),
  )

  routes.post(
    PATH,
    bodyLimit({ maxSize: 64 << 10, onError: (c) => answerTooLarge(c, 'at most 64 KiB are understood here') }),
    withFaults(async (c, control) => {
      const { block, delay_ms, disk_stall_ms } = parse(
        faultsBody,
        await readJson(c, '{"block": [2, 3]}'),
        'the body',
      )
      const self = node.status().node_id
      if (block?.includes(self)) {
        throw new DureError(
          'invalid',
          `node ${self} was asked to cut itself off from itself: name other members`,
        )
      }
      if (block !== undefined) control.block(block)
      if (delay_ms !== undefined) control.delay(delay_ms)
      if (disk_stall_ms !== undefined) control.stallDisk(disk_stall_ms)
      log.warn('faults-set', describe(control))
      return c.json(describe(control))
    }),
  )

  routes.delete(
    PATH,
    withFaults((c, control) => {
      control.clear()
      log.warn('faults-cleared')
      return c.json(describe(control))
    }),
  )

  routes.all(PATH, (c) => answerMethodNotAllowed(c, 'GET, HEAD, POST, DELETE'))
  return routes
}
