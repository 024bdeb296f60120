import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import type { DirectoryReport } from '../../engines/embedded/membership/recover-alone.ts'
import { DureError } from '../../foundation/errors.ts'
import { DirectoryLock } from '../../runtime/node/directory-lock.ts'
import { type ClusterFile, newClusterId, readClusterFile, writeClusterFile } from '../cluster/cluster-file.ts'
import { type CommandContext, say, writeData, writeJson } from '../command-context.ts'
import type { GlobalOptions } from '../options.ts'
import { formatCount } from '../output/format.ts'
import { renderTable } from '../output/table.ts'
import { withExamples } from './examples.ts'

interface RecoverOptions {
  readonly inspect?: boolean
  readonly yesLoseUnconfirmedWrites?: boolean
}

/** A node's data on this machine. */
interface NodeDirectory {
  readonly path: string
  readonly report: DirectoryReport
}

export function addRecoverCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('recover'), [
    ['dure recover --inspect', 'what each stopped node of ./data/local holds'],
    ['dure recover --node 4 --yes-lose-unconfirmed-writes', 'node 4 goes on alone; then dure up'],
    ['dure recover --directory /var/lib/dure --inspect', "one node's own data directory"],
  ])
    .description('when a majority is lost for good: make a cluster of one out of a stopped node')
    .option('--inspect', 'only show what the directory holds, to choose by')
    .option('--yes-lose-unconfirmed-writes', 'do it without asking')
    .action((own, command) => recoverCluster(context, own, command.optsWithGlobals()))
}

async function recoverCluster(
  context: CommandContext,
  own: RecoverOptions,
  options: GlobalOptions,
): Promise<void> {
  if (options.connect !== undefined) {
    throw new DureError(
      'invalid',
      'recover works on the directory of a node that is stopped: use --directory instead of --connect',
    )
  }
  const directory = resolve(options.directory)
  const file = readClusterFile(directory)
  const lock = file === undefined ? undefined : await lockStopped(directory)
  try {
    if (own.inspect === true) await inspect(context, await nodeDirectories(directory, file), options)
    else await recover(context, directory, file, own, options)
  } finally {
    lock?.release()
  }
}

async function inspect(
  context: CommandContext,
  found: readonly NodeDirectory[],
  { json }: GlobalOptions,
): Promise<void> {
  if (json) return writeJson(context, { nodes: found.map(({ path, report }) => ({ path, ...report })) })
  const columns = [
    ...(['NODE', 'CLUSTER'] as const).map((title) => ({ title, align: 'left' }) as const),
    ...(['LAST TERM', 'LAST INDEX', 'KNOWN COMMITTED'] as const).map(
      (title) => ({ title, align: 'right' }) as const,
    ),
    { title: 'VOTERS', align: 'left' } as const,
    { title: 'LEARNERS', align: 'left' } as const,
  ]
  const rows = found.map(({ report }) => [
    { text: String(report.nodeId) },
    { text: report.clusterId },
    { text: formatCount(report.lastTerm) },
    { text: formatCount(report.lastIndex) },
    { text: formatCount(report.commitIndex) },
    { text: report.membership.voters.join(', ') },
    { text: report.membership.learners.join(', ') || '–' },
  ])
  await writeData(context, renderTable(columns, rows, context.styles.stdout))
  const [best] = found
  if (best === undefined || found.length === 1) return
  const { stderr } = context.styles
  say(
    context,
    stderr(
      'quiet',
      `node ${best.report.nodeId} holds the most of what was acknowledged: the highest last term, then the highest last index`,
    ),
  )
}

async function recover(
  context: CommandContext,
  directory: string,
  file: ClusterFile | undefined,
  own: RecoverOptions,
  options: GlobalOptions,
): Promise<void> {
  const found = await nodeDirectories(directory, file)
  const chosen = found.find(({ report }) => options.node === undefined || report.nodeId === options.node)
  if (chosen === undefined || (options.node === undefined && found.length > 1)) {
    const nodes = found.map(({ report }) => report.nodeId).toSorted((a, b) => a - b)
    throw new DureError(
      'invalid',
      `asked to recover from ${options.node === undefined ? 'no certain node' : `node ${options.node}`}; ${directory} has node${nodes.length > 1 ? 's' : ''} ${nodes.join(', ')}: look with dure recover --inspect, then name one with --node`,
    )
  }
  const { report, path } = chosen
  warn(context, report)
  await confirm(context, report, own)
  const clusterId = file === undefined ? renamed(report.clusterId) : newClusterId()
  const { recoverNode } = await import('../cluster/stopped-node.ts')
  await recoverNode(path, clusterId)
  if (file !== undefined) {
    const node: number = report.nodeId
    writeClusterFile(directory, { ...file, clusterId, members: [node], initialized: [node] })
  }
  const { stderr } = context.styles
  if (options.json) return writeJson(context, { node: report.nodeId, cluster_id: clusterId, path })
  say(context, `${stderr('good', 'done')}  node ${report.nodeId} is cluster ${clusterId}, alone`)
  const next =
    file === undefined
      ? `start it with --cluster-id ${clusterId}, then add new nodes with dure member add, each with an empty directory and a number that was never used`
      : `start it with dure up --directory ${options.directory}, then add new nodes: dure member add, dure member promote`
  say(context, stderr('quiet', next))
}

function warn(
  context: CommandContext,
  { nodeId, lastIndex, lastTerm, clusterId, membership }: DirectoryReport,
): void {
  const { stderr } = context.styles
  const others = membership.voters.filter((voter) => voter !== nodeId)
  const lines = [
    `This makes node ${nodeId} a cluster of its own, with what it holds: entries up to`,
    `${formatCount(lastIndex)}, the last of term ${lastTerm}. Writes that were acknowledged and that it`,
    'had not received are lost. Writes that it had received and nobody',
    `acknowledged are there. Cluster ${clusterId} is over${others.length === 0 ? '.' : ':'}`,
    ...(others.length === 0
      ? []
      : [`node${others.length > 1 ? 's' : ''} ${others.join(', ')} and their numbers can never come back.`]),
    'Do this only when a majority is gone for good: a node that can still be',
    'started should be started.',
  ]
  say(context, `${stderr('bad', 'warning')}  ${lines.join('\n         ')}\n`)
}

async function confirm(
  { shell }: CommandContext,
  { clusterId }: DirectoryReport,
  { yesLoseUnconfirmedWrites = false }: RecoverOptions,
): Promise<void> {
  if (yesLoseUnconfirmedWrites) return
  if (shell.stdin.isTTY !== true) {
    throw new DureError(
      'invalid',
      'nothing was done: add --yes-lose-unconfirmed-writes when you mean it, or run this in a terminal',
    )
  }
  const lines = createInterface({ input: shell.stdin, output: shell.stderr })
  const typed = await lines.question(`Type the cluster's id (${clusterId}) to go on: `, {
    signal: shell.interrupted,
  })
  lines.close()
  if (typed.trim() !== clusterId) throw new DureError('invalid', 'that is not its id: nothing was done')
}

/** The most complete first. */
async function nodeDirectories(
  directory: string,
  file: ClusterFile | undefined,
): Promise<readonly NodeDirectory[]> {
  const paths =
    file === undefined
      ? [directory]
      : readdirSync(directory)
          .filter((name) => /^node-\d+$/.test(name) && existsSync(join(directory, name, 'identity')))
          .map((name) => join(directory, name))
  if (paths.length === 0 || !existsSync(join(paths[0]!, 'identity'))) {
    throw new DureError(
      'data-directory',
      `there is no node's data in ${directory}: give the directory of a local cluster, or that of one node`,
    )
  }
  const { inspectNode } = await import('../cluster/stopped-node.ts')
  const found: NodeDirectory[] = []
  for (const path of paths) found.push({ path, report: await inspectNode(path) })
  return found.toSorted(
    ({ report: a }, { report: b }) => b.lastTerm - a.lastTerm || b.lastIndex - a.lastIndex,
  )
}

async function lockStopped(directory: string): Promise<DirectoryLock> {
  const lock = new DirectoryLock()
  try {
    await lock.acquire(directory)
    return lock
  } catch (cause) {
    throw new DureError(
      'data-directory',
      `asked to recover ${directory}, but a cluster runs in it: stop it first, with Ctrl-C where it runs`,
      { cause },
    )
  }
}

/** Recognizable, within the bound of an id, and never given before. */
const renamed = (clusterId: string): string =>
  `${clusterId.replace(/-recovered-[0-9a-f]{8}$/, '').slice(0, 45)}-recovered-${randomBytes(4).toString('hex')}`
