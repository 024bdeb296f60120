import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as z from 'zod'
import { DureError } from '../../foundation/errors.ts'
import type { PeerDisturbance } from '../../runtime/node/fault-gate.ts'
import type { FaultControl } from '../faults/fault-control.ts'
import type { OnNode, Served } from './environment.ts'
import { readJson } from './json-body.ts'
import { parse } from './parameters.ts'
import { answerForbidden, answerMethodNotAllowed, answerTooLarge } from './refusals.ts'

const PATH = '/v1/faults'

const nodeNumbers = z.array(z.int().min(1).max(0xffff)).max(1_000)
const probability = z.number().min(0).max(1)

export const faultsBody = z.strictObject({
  block: nodeNumbers.optional().meta({ description: 'Members that are neither heard nor reached.' }),
  deaf_to: nodeNumbers.optional().meta({ description: 'Members that are not heard, and still reached.' }),
  mute_to: nodeNumbers.optional().meta({ description: 'Members that are not reached, and still heard.' }),
  peers: z
    .strictObject({
      loss_probability: probability.optional(),
      duplicate_probability: probability.optional(),
      reorder_probability: probability.optional(),
      delay_ms: z.number().min(0).max(60_000).optional(),
    })
    .optional()
    .meta({ description: 'What happens to each message to a member; none of it when empty.' }),
  delay_ms: z.number().min(0).max(60_000).optional(),
  disk_stall_ms: z.number().min(0).max(60_000).optional(),
})

/** `/v1/faults`: cuts this node off from others or slows it down, on nodes that were started with `--allow-faults`. */
export function faultRoutes({ node, faults, log }: Served): Hono<OnNode> {
  const routes = new Hono<OnNode>()
  const describe = (control: FaultControl) => ({
    blocked: control.blocked,
    deaf_to: control.deafTo,
    mute_to: control.muteTo,
    peers: {
      loss_probability: control.peers.lossProbability ?? 0,
      duplicate_probability: control.peers.duplicateProbability ?? 0,
      reorder_probability: control.peers.reorderProbability ?? 0,
      delay_ms: control.peers.delayMs ?? 0,
    },
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
      const { block, deaf_to, mute_to, peers, delay_ms, disk_stall_ms } = parse(
        faultsBody,
        await readJson(c, '{"block": [2, 3]}'),
        'the body',
      )
      const self = node.status().node_id
      if ([block, deaf_to, mute_to].some((nodes) => nodes?.includes(self))) {
        throw new DureError(
          'invalid',
          `node ${self} was asked to cut itself off from itself: name other members`,
        )
      }
      if (block !== undefined) control.block(block)
      if (deaf_to !== undefined) control.deafen(deaf_to)
      if (mute_to !== undefined) control.mute(mute_to)
      if (peers !== undefined) control.disturbPeers(disturbanceOf(peers))
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

function disturbanceOf(peers: NonNullable<z.infer<typeof faultsBody>['peers']>): PeerDisturbance {
  return {
    lossProbability: peers.loss_probability ?? 0,
    duplicateProbability: peers.duplicate_probability ?? 0,
    reorderProbability: peers.reorder_probability ?? 0,
    delayMs: peers.delay_ms ?? 0,
  }
}
