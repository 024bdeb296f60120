import * as z from 'zod'

/**
 * What the command line asks of a supervisor: one line of JSON, answered by one line. `restart` stops a node in good order
 * and starts it; `add` and `remove` follow what the cluster has agreed on.
 */
export const controlRequest = z.discriminatedUnion('command', [
  z.object({
    command: z.enum(['kill', 'start', 'pause', 'resume', 'restart', 'add', 'remove']),
    node: z.int(),
  }),
  z.object({ command: z.literal('nodes') }),
])
export type ControlRequest = z.output<typeof controlRequest>

const processStates = ['starting', 'running', 'paused', 'stopping', 'dead'] as const
export type ProcessState = (typeof processStates)[number]

const processInfo = z.object({
  node: z.int(),
  state: z.enum(processStates),
  pid: z.int().nullable(),
  /** How it ended, for a node that is dead. */
  ending: z.string().nullable(),
})
export type ProcessInfo = z.output<typeof processInfo>

export const controlResponse = z.union([
  z.object({ ok: z.literal(true), nodes: z.array(processInfo) }),
  z.object({ ok: z.literal(false), code: z.enum(['invalid', 'unavailable']), message: z.string() }),
])
export type ControlResponse = z.output<typeof controlResponse>

/** Requests are small; who sends more speaks something else. */
export const REQUEST_BYTES_MAX = 4_096
