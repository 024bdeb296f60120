import { extname, resolve } from 'node:path'
import type { Command } from 'commander'
import type { MembersClient } from '../../engines/client/members-client.ts'
import type { NodeStatus } from '../../engines/embedded/status.ts'
import { DureError } from '../../foundation/errors.ts'
import { requireFreePorts } from '../cluster/free-ports.ts'
import { addressOf, NODE_NUMBER_MAX } from '../cluster/layout.ts'
import { replaceMember } from '../cluster/replace-member.ts'
import { type CommandContext, say, writeData, writeJson } from '../command-context.ts'
import { type GlobalOptions, localCluster, storeAddresses } from '../options.ts'
import { formatCount } from '../output/format.ts'
import { shellWord } from '../output/shell-word.ts'
import { renderTable } from '../output/table.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { askSupervisor } from '../supervisor/control-client.ts'
import { withExamples } from './examples.ts'

interface AddOptions {
  readonly peerAddress?: string
  readonly httpAddress?: string
}

interface ForceOptions {
  readonly force?: boolean
}

/** A node's number on any cluster; those of a local one end earlier, with its ports. */
const memberNumber = wholeNumber(1, 65_535)

export function addMemberCommand(program: Command, context: CommandContext): void {
  const member = withExamples(program.command('member'), [
    ['dure member list', ''],
    ['dure member add 6', 'a learner: it copies everything and decides nothing yet'],
    ['dure member promote 6', 'it votes, once it has caught up'],
    ['dure member remove 2', 'for good, the leader too'],
    ['dure member replace 3 6', 'add 6, promote it, remove 3'],
    [
      'dure member add 6 --connect db1:7001 --peer-address db6:7006',
      'a cluster anywhere: prints how to start it',
    ],
  ]).description('who belongs to the cluster: changed while it runs')

  member
    .command('list')
    .description('members, their roles and addresses')
    .action((_own, command) => list(context, command.optsWithGlobals()))
  member
    .command('add')
    .argument('<node>', '', memberNumber)
    .description('add a new node as a learner, and start it')
    .option('--peer-address <host:port>', 'where it listens to peers and clients (with --connect)')
    .option('--http-address <host:port>', 'where it answers HTTP (with --connect)')
    .action((node, own, command) => add(context, node, own, command.optsWithGlobals()))
  member
    .command('promote')
    .argument('<node>', '', memberNumber)
    .description('make a learner that has caught up a voter')
    .option('--force', 'even when too few voters answer')
    .action((node, own, command) => promote(context, node, own, command.optsWithGlobals()))
  member
    .command('remove')
    .argument('<node>', '', memberNumber)
    .description('remove a node for good, and stop it')
    .option('--force', 'even when too few of those that are left answer')
    .action((node, own, command) => remove(context, node, own, command.optsWithGlobals()))
  member
    .command('replace')
    .argument('<dead>', '', memberNumber)
    .argument('<new>', '', memberNumber)
    .description('replace a node that is gone for good: add, promote, remove')
    .action((dead, node, _own, command) => replace(context, dead, node, command.optsWithGlobals()))
}

async function list(context: CommandContext, options: GlobalOptions): Promise<void> {
  const status = await withMembers(options, 'member list', (members) =>
    members.status<NodeStatus>({ timeoutMs: options.timeoutMs }),
  )
  if (options.json) return writeJson(context, { leader_id: status.leader_id, members: status.members })
  const left = ['NODE', 'ROLE', '', 'PEERS AND CLIENTS', 'HTTP'].map(
    (title) => ({ title, align: 'left' }) as const,
  )
  const rows = status.members.map((member) => [
    { text: String(member.node_id) },
    { text: member.role, tone: member.role === 'voter' ? ('plain' as const) : ('warn' as const) },
    { text: member.node_id === status.leader_id ? 'leads' : '', tone: 'good' as const },
    { text: member.peer_address },
    { text: member.http_address === '' ? '–' : `http://${member.http_address}` },
    { text: member.match_index === null ? '–' : formatCount(member.match_index) },
  ])
  await writeData(
    context,
    renderTable([...left, { title: 'HOLDS', align: 'right' }], rows, context.styles.stdout),
  )
}

async function add(
  context: CommandContext,
  node: number,
  own: AddOptions,
  options: GlobalOptions,
): Promise<void> {
  if (options.connect !== undefined) return addElsewhere(context, node, own, options)
  if (own.peerAddress !== undefined || own.httpAddress !== undefined) {
    throw new DureError(
      'invalid',
      '--peer-address and --http-address are for a cluster that --connect names: a local one has ports for each node',
    )
  }
  const { directory, layout, nodes } = localCluster(options, 'member add')
  requireLocalNumber(node)
  const { peer, http } = addressOf(layout, node)
  // Asked for again: it may run already.
  if (!nodes.some((known) => known.node === node)) await requireFreePorts([{ node, peer, http }])
  const status = await withMembers(options, 'member add', async (members) => {
    await members.add({ node, peerAddress: peer, httpAddress: http }, { timeoutMs: options.timeoutMs })
    return members.status<NodeStatus>({ timeoutMs: options.timeoutMs })
  })
  await askSupervisor(directory, { command: 'add', node })
  // It may be a voter already: to ask for a member again is no error.
  const role = status.members.find(({ node_id }) => node_id === node)?.role ?? 'learner'
  const { stderr } = context.styles
  if (options.json) return writeJson(context, { node, role, peer_address: peer, http_address: http })
  say(context, `node ${node} ${stderr('good', `is a ${role}`)}, and runs at http://${http}`)
  if (role === 'learner') say(context, stderr('quiet', `it votes after: dure member promote ${node}`))
}

/** The cluster knows it; whoever runs that machine starts it. */
async function addElsewhere(
  context: CommandContext,
  node: number,
  { peerAddress, httpAddress }: AddOptions,
  options: GlobalOptions,
): Promise<void> {
  if (peerAddress === undefined) {
    throw new DureError(
      'invalid',
      `asked to add node ${node} without saying where it listens: give --peer-address host:port`,
    )
  }
  const status = await withMembers(options, 'member add', async (members) => {
    const http = httpAddress === undefined ? {} : { httpAddress }
    await members.add({ node, peerAddress, ...http }, { timeoutMs: options.timeoutMs })
    return members.status<NodeStatus>({ timeoutMs: options.timeoutMs })
  })
  const others = status.members.filter(({ node_id, peer_address }) => node_id !== node && peer_address !== '')
  const members = [
    ...others.map(({ node_id, peer_address }) => `${node_id}=${peer_address}`),
    `${node}=${peerAddress}`,
  ]
  const args = [
    ...['--node-id', String(node)],
    ...['--cluster-id', status.cluster_id],
    ...['--directory', `./data/node-${node}`],
    ...['--members', members.join(',')],
    ...['--http', httpAddress ?? '127.0.0.1:8080'],
    '--join',
  ]
  if (options.json)
    return writeJson(context, { node, role: 'learner', peer_address: peerAddress, arguments: args })
  const { stderr } = context.styles
  say(context, `node ${node} ${stderr('good', 'is a learner')}. Start it there, with --join this once:\n`)
  await writeData(context, `node ${nodeProgram()} ${args.join(' ')}\n`)
  say(context, `\n${stderr('quiet', `it votes after: dure member promote ${node} --connect …`)}`)
}

/** Where a project finds the program of a node: in this checkout, or in the package it installed. */
const nodeProgram = (): string =>
  extname(import.meta.url) === '.ts' ? 'src/server/main.ts' : 'node_modules/dure/dist/server/main.js'

async function promote(
  context: CommandContext,
  node: number,
  { force = false }: ForceOptions,
  options: GlobalOptions,
): Promise<void> {
  await withMembers(options, 'member promote', (members) =>
    members.promote(node, { timeoutMs: options.timeoutMs, force }),
  )
  if (options.json) return writeJson(context, { node, role: 'voter' })
  say(context, `node ${node} ${context.styles.stderr('good', 'is a voter')}`)
}

async function remove(
  context: CommandContext,
  node: number,
  { force = false }: ForceOptions,
  options: GlobalOptions,
): Promise<void> {
  await withMembers(options, 'member remove', (members) =>
    members.remove(node, { timeoutMs: options.timeoutMs, force }),
  )
  if (options.connect === undefined) {
    const { directory } = localCluster(options, 'member remove')
    await askSupervisor(directory, { command: 'remove', node })
  }
  if (options.json) return writeJson(context, { node, role: null })
  const { stderr } = context.styles
  say(context, `node ${node} ${stderr('warn', 'is removed')}; its number is never used again`)
  if (options.connect !== undefined)
    say(
      context,
      stderr('quiet', 'its process ends by itself once it hears of it; then its data can be deleted'),
    )
}

async function replace(
  context: CommandContext,
  dead: number,
  node: number,
  options: GlobalOptions,
): Promise<void> {
  if (dead === node) {
    throw new DureError(
      'invalid',
      `asked to replace node ${dead} by itself, but a number is never used again: name a new one`,
    )
  }
  if (options.connect !== undefined) {
    throw new DureError(
      'invalid',
      'replace starts the new node, so it works on a cluster of this machine: elsewhere use member add, promote and remove',
    )
  }
  const { directory } = localCluster(options, 'member replace')
  const quiet: GlobalOptions = { ...options, json: false }
  await replaceMember(
    { dead, node, where: whereOptions(options) },
    {
      knownNodes: () => knownNodes(directory, options),
      isUsedUp: (number) => isUsedUp(number, options),
      add: () => add(context, node, {}, quiet),
      promote: () => promote(context, node, {}, quiet),
      remove: () => remove(context, dead, {}, quiet),
    },
  )
  if (options.json) await writeJson(context, { node, role: 'voter', replaced: dead })
}

/** A node that was asked may not have heard of the newest members yet; the supervisor runs those that came through it. */
async function knownNodes(directory: string, options: GlobalOptions): Promise<readonly number[]> {
  const processes = await askSupervisor(directory, { command: 'nodes' })
  const { members } = await withMembers(options, 'member replace', (client) =>
    client.status<NodeStatus>({ timeoutMs: options.timeoutMs }),
  )
  const nodes = [...members.map(({ node_id }) => node_id), ...processes.map(({ node }) => node)]
  return [...new Set(nodes)].toSorted((a, b) => a - b)
}

/**
 * Of a number that no known node has. To remove what was removed is done already, and what never was is refused: either
 * way nothing changes.
 */
function isUsedUp(node: number, options: GlobalOptions): Promise<boolean> {
  return withMembers(options, 'member replace', (members) =>
    members.remove(node, { timeoutMs: options.timeoutMs }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof DureError && error.code === 'invalid') return false
        throw error
      },
    ),
  )
}

/** How a command to paste names the same cluster. */
function whereOptions({ directory, basePort }: GlobalOptions): string {
  const isUsual = resolve(directory) === resolve('./data/local')
  return [
    ...(isUsual ? [] : [` --directory ${shellWord(directory)}`]),
    ...(basePort === undefined ? [] : [` --base-port ${basePort}`]),
  ].join('')
}

async function withMembers<Result>(
  options: GlobalOptions,
  command: string,
  run: (members: MembersClient) => Promise<Result>,
): Promise<Result> {
  const { connectMembers } = await import('../../engines/remote/connect-members.ts')
  const members = await connectMembers(storeAddresses(options, command))
  try {
    return await run(members)
  } finally {
    await members.close()
  }
}

function requireLocalNumber(node: number): void {
  if (node <= NODE_NUMBER_MAX) return
  throw new DureError(
    'invalid',
    `asked for node ${node}: the nodes of a cluster on one machine have numbers from 1 to ${NODE_NUMBER_MAX}`,
  )
}
