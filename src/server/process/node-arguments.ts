import { parseArgs } from 'node:util'
import * as z from 'zod'
import { DureError } from '../../foundation/errors.ts'
import { NODE_ID_MAX } from '../../foundation/ids.ts'
import { type LogLevel, logLevels } from '../log/log.ts'

/** How a node process is told what it is. */
export interface NodeArguments {
  readonly nodeId: number
  readonly clusterId: string
  readonly directory: string
  /** Every member with the address where peers and clients reach it, this one too. */
  readonly members: ReadonlyMap<number, string>
  readonly http: { readonly host: string; readonly port: number }
  /** By which clients may ask for this node over HTTP, besides its addresses. */
  readonly httpHostNames: readonly string[]
  readonly allowFaults: boolean
  /** A disk that behaves worse than the real one; `unsynced` forgets with the process what was not synced. */
  readonly faultDisk: FaultDisk | undefined
  /** Whether an empty directory may become this node's: once in its life. */
  readonly initialize: boolean
  /** A new node of a cluster that lives: an empty directory may become its, and the members are learned. */
  readonly join: boolean
  /** Whether the cluster is a new one, all of whose nodes start now. */
  readonly found: boolean
  /** Ends when stdin does: the supervisor holds the other end. */
  readonly endWithStdin: boolean
  readonly logLevel: LogLevel
}

const faultDisks = ['unsynced'] as const
export type FaultDisk = (typeof faultDisks)[number]

export const usage = `dure node: a member of a cluster

  --node-id 1                                        this member
  --cluster-id demo                                  nodes and clients of another cluster are refused
  --directory ./data/1                               its log and tables
  --members 1=127.0.0.1:7001,2=127.0.0.1:7002,…      where peers and clients reach each member
  --http 127.0.0.1:8080                              status, metrics, keys
  --http-allowed-hosts db.internal,…                 names that requests over HTTP may be for, besides IP addresses,
                                                     localhost and this node's own in --http and --members
  --initialize                                       an empty directory may become this node's (once in its life)
  --found                                            the whole cluster is new and starts now: elect without waiting
  --join                                             a new node of a running cluster, that was added to it with
                                                     dure member add (once in its life, instead of --initialize)
  --allow-faults                                     take commands that cut this node off
  --fault-disk unsynced                              keep what was not synced in memory only, for tests of syncing
  --insecure                                         listen beyond this machine, without encryption or passwords
  --log-level info                                   ${logLevels.join(', ')}
`

const options = {
  'node-id': { type: 'string' },
  'cluster-id': { type: 'string' },
  directory: { type: 'string' },
  members: { type: 'string' },
  http: { type: 'string' },
  'http-allowed-hosts': { type: 'string' },
  initialize: { type: 'boolean' },
  join: { type: 'boolean' },
  found: { type: 'boolean' },
  'allow-faults': { type: 'boolean' },
  'fault-disk': { type: 'string' },
  insecure: { type: 'boolean' },
  'end-with-stdin': { type: 'boolean' },
  'log-level': { type: 'string' },
} as const

const given = z.object({
  'node-id': z
    .string('is missing: say which member this is, for example 1')
    .regex(/^[1-9]\d{0,4}$/, 'is no number of a node: use 1 … 65535')
    .transform(Number)
    .refine((id) => id <= NODE_ID_MAX, 'is no number of a node: use 1 … 65535'),
  'cluster-id': z
    .string('is missing: name the cluster')
    .regex(/^[\w.-]{1,64}$/, 'is no name: use letters, digits, ".", "_", "-"'),
  directory: z.string('is missing: say where the data is').min(1, 'is empty'),
  members: z.string('is missing: name all members, 1=host:port,2=host:port'),
  http: z.string().default('127.0.0.1:8080'),
  'http-allowed-hosts': z
    .string()
    .regex(
      /^[\w-]+(\.[\w-]+)*(,[\w-]+(\.[\w-]+)*)*$/,
      'are no names: write db.internal,db.example, without ports',
    )
    .transform((names) => names.split(','))
    .default([]),
  'log-level': z.enum(logLevels, `is none of ${logLevels.join(', ')}`).default('info'),
  initialize: z.boolean().default(false),
  join: z.boolean().default(false),
  found: z.boolean().default(false),
  'allow-faults': z.boolean().default(false),
  'fault-disk': z.enum(faultDisks, `is none of ${faultDisks.join(', ')}`).optional(),
  insecure: z.boolean().default(false),
  'end-with-stdin': z.boolean().default(false),
})

/** Errors: `invalid`, naming the option, what was found and what to write. */
export function parseNodeArguments(args: readonly string[]): NodeArguments {
  let values: unknown
  try {
    values = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (cause) {
    throw new DureError('invalid', (cause as Error).message, { cause })
  }
  const result = given.safeParse(values)
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`)
    throw new DureError('invalid', problems.join('; '))
  }
  const found = result.data
  const members = parseMembers(found.members)
  const nodeId = found['node-id']
  if (!members.has(nodeId)) {
    throw new DureError(
      'invalid',
      `--members names ${[...members.keys()].join(', ')}, and not this node (--node-id ${nodeId})`,
    )
  }
  if (found.join && found.initialize) {
    throw new DureError(
      'invalid',
      '--join and --initialize were both given: a node joins a cluster that lives, or is one of those that begin one',
    )
  }
  if (found['fault-disk'] !== undefined && !found['allow-faults']) {
    throw new DureError(
      'invalid',
      '--fault-disk was given without --allow-faults: add that, on a cluster that may be broken',
    )
  }
  const http = parseAddress('--http', found.http)
  if (!found.insecure) {
    requireLoopback('--http', http.host)
    for (const [node, address] of members)
      requireLoopback(`--members ${node}`, parseAddress('--members', address).host)
  }
  return {
    nodeId,
    clusterId: found['cluster-id'],
    directory: found.directory,
    members,
    http,
    httpHostNames: [parseAddress('--members', members.get(nodeId)!).host, ...found['http-allowed-hosts']],
    allowFaults: found['allow-faults'],
    faultDisk: found['fault-disk'],
    initialize: found.initialize,
    join: found.join,
    found: found.found,
    endWithStdin: found['end-with-stdin'],
    logLevel: found['log-level'],
  }
}

function parseMembers(text: string): Map<number, string> {
  const members = new Map<number, string>()
  for (const part of text.split(',')) {
    const [, id, address] = /^\s*([1-9]\d{0,4})=(\S+)\s*$/.exec(part) ?? []
    if (id === undefined || address === undefined || Number(id) > NODE_ID_MAX) {
      throw new DureError(
        'invalid',
        `--members has ${JSON.stringify(part)}: write 1=127.0.0.1:7001,2=127.0.0.1:7002`,
      )
    }
    parseAddress('--members', address)
    if (members.has(Number(id))) throw new DureError('invalid', `--members names node ${id} twice`)
    members.set(Number(id), address)
  }
  return members
}

function parseAddress(option: string, text: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65_535) {
    throw new DureError(
      'invalid',
      `${option} has the address ${JSON.stringify(text)}: write host:port, for example 127.0.0.1:7001`,
    )
  }
  return { host: bracketed ?? plain!, port }
}

/** There is no encryption and there are no passwords yet: who wants that beyond this machine says so. */
function requireLoopback(option: string, host: string): void {
  if (host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)) return
  const advice =
    'anybody who reaches it could read and write everything. Use 127.0.0.1, or add --insecure if you mean it'
  throw new DureError(
    'invalid',
    `${option} listens on ${host}, beyond this machine, without encryption or passwords: ${advice}`,
  )
}
