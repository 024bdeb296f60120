import { mkdirSync } from 'node:fs'
import { extname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { DureError } from '../../foundation/errors.ts'
import { DirectoryLock } from '../../runtime/node/directory-lock.ts'
import { type ClusterFile, newClusterId, readClusterFile, writeClusterFile } from '../cluster/cluster-file.ts'
import { requireFreePorts } from '../cluster/free-ports.ts'
import {
  addressesOf,
  addressOf,
  layoutOf,
  membersOf,
  NODES_MAX,
  type NodeAddress,
} from '../cluster/layout.ts'
import { NodeHttp } from '../cluster/node-http.ts'
import { type CommandContext, say, writeJson } from '../command-context.ts'
import { runImport, wasImported } from '../import/run-import.ts'
import type { GlobalOptions } from '../options.ts'
import { formatDuration } from '../output/format.ts'
import { printable } from '../output/style.ts'
import { renderTable } from '../output/table.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { parseKeyTemplate } from '../parse/key-template.ts'
import { Supervisor, type SupervisorEvent } from '../supervisor/supervisor.ts'
import { renderExamples, withExamples } from './examples.ts'
import { IMPORT_CONCURRENCY } from './import-command.ts'

interface UpOptions {
  readonly nodes?: number
  readonly import?: string
  readonly key?: string
}

const NODES = 5
const LEADER_TIMEOUT_MS = 15_000
const POLL_INTERVAL_MS = 50

export function addUpCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('up'), [
    ['dure up', 'five nodes in ./data/local'],
    ['dure up --nodes 3 --directory ./data/three --base-port 9000', 'another cluster beside it'],
    ['dure up --import places.json --key "{country}/{name}"', 'with data in it'],
  ])
    .description('start a cluster on this machine and keep it in view; Ctrl-C stops it')
    .option('--nodes <number>', `how many nodes a new cluster has (${NODES})`, wholeNumber(1, NODES_MAX))
    .option('--import <file>', 'import this JSON file once (needs --key)')
    .option('--key <template>', 'the key of an imported record: {field} stands for the field')
    .action((own, command) => up(context, own, command.optsWithGlobals()))
}

async function up(context: CommandContext, own: UpOptions, options: GlobalOptions): Promise<void> {
  requireSense(own, options)
  const directory = resolve(options.directory)
  const lock = await lockDirectory(directory)
  try {
    const file = clusterFile(directory, own, options)
    await run(context, directory, file, own, options)
  } finally {
    lock.release()
  }
}

async function run(
  context: CommandContext,
  directory: string,
  initial: ClusterFile,
  own: UpOptions,
  options: GlobalOptions,
): Promise<void> {
  const { interrupted, killed } = context.shell
  const nodes = addressesOf(initial)
  await requireFreePorts(nodes)
  writeClusterFile(directory, initial)
  const { stderr } = context.styles
  say(
    context,
    `${stderr('strong', 'dure')}  starting ${nodes.length} node${nodes.length > 1 ? 's' : ''} in ${shortPath(directory)}\n`,
  )

  let file = initial
  let isUp = false
  const supervisor = new Supervisor({
    directory,
    nodes: nodes.map(({ node }) => node),
    command: (node) => nodeCommand(directory, file, node),
    logPath: (node) => join(directory, `node-${node}.log`),
    onMembers: (members) => {
      file = { ...file, members: [...members] }
      writeClusterFile(directory, file)
    },
    onEvent: (event) => {
      if (event.event === 'ready' && !file.initialized.includes(event.node)) {
        file = { ...file, initialized: [...file.initialized, event.node].toSorted((a, b) => a - b) }
        writeClusterFile(directory, file)
      }
      if (isUp || event.event === 'died') announce(context, options, event)
    },
  })
  killed.addEventListener('abort', () => void supervisor.kill(), { once: true })

  const beganMs = performance.now()
  try {
    await supervisor.start()
    isUp = true
    await showNodes(context, nodes, performance.now() - beganMs, options)
    if (own.import !== undefined) await importOnce(context, nodes, own.import, own.key!, options)
    if (!interrupted.aborted) showWhatNext(context, nodes, own, options)
    await untilAborted(interrupted)
  } finally {
    if (isUp) say(context, `\n${stderr('quiet', 'stopping …')}`)
    await supervisor.stop()
    if (isUp) say(context, stderr('quiet', 'stopped'))
  }
}

function requireSense({ import: file, key }: UpOptions, options: GlobalOptions): void {
  const refuse = (message: string): never => {
    throw new DureError('invalid', message)
  }
  if (options.connect !== undefined) refuse('up starts a cluster on this machine: leave out --connect')
  if (file !== undefined && key === undefined)
    refuse('--import needs --key, for example --key "{country}/{name}"')
  if (file === undefined && key !== undefined) refuse('--key says how to import: it needs --import FILE')
  if (key !== undefined) parseKeyTemplate(key)
}

async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const lock = new DirectoryLock()
  try {
    mkdirSync(directory, { recursive: true })
    await lock.acquire(directory)
    return lock
  } catch (cause) {
    if ((cause as { reason?: string }).reason !== 'locked') {
      throw new DureError('data-directory', (cause as Error).message, { cause })
    }
    const advice =
      'look at it with dure status, stop it with Ctrl-C where it runs, or choose another --directory'
    throw new DureError('data-directory', `a cluster already runs in ${directory}: ${advice}`, { cause })
  }
}

/** What the directory says, or what a new one will. A cluster keeps its size; its ports may move. */
function clusterFile(directory: string, own: UpOptions, { basePort }: GlobalOptions): ClusterFile {
  const found = readClusterFile(directory)
  if (found === undefined) {
    return {
      format: 1,
      clusterId: newClusterId(),
      ...layoutOf(own.nodes ?? NODES, basePort),
      initialized: [],
    }
  }
  if (own.nodes !== undefined && own.nodes !== found.nodes) {
    const advice = `leave out --nodes, or start another in its own --directory`
    throw new DureError(
      'invalid',
      `asked for ${own.nodes} nodes, but the cluster in ${directory} has ${found.nodes}: ${advice}`,
    )
  }
  return basePort === undefined ? found : { ...found, ...layoutOf(found.nodes, basePort) }
}

function nodeCommand(directory: string, file: ClusterFile, node: number) {
  // Who came later joins; those that the cluster began with begin it.
  const first = node <= file.nodes ? '--initialize' : '--join'
  const members = [...new Set([...membersOf(file), node])].map((member) => addressOf(file, member))
  const main = fileURLToPath(new URL(`../../server/main${extname(import.meta.url)}`, import.meta.url))
  return {
    file: process.execPath,
    args: [
      // Node 24.0 warns about type stripping on every start.
      '--disable-warning=ExperimentalWarning',
      main,
      ...['--node-id', String(node)],
      ...['--cluster-id', file.clusterId],
      ...['--directory', join(directory, `node-${node}`)],
      ...['--members', members.map(({ node, peer }) => `${node}=${peer}`).join(',')],
      ...['--http', addressOf(file, node).http],
      '--allow-faults',
      '--end-with-stdin',
      ...(file.initialized.includes(node) ? [] : [first]),
      // All of it is new: nobody has to wait for a leader that might be there.
      ...(file.initialized.length === 0 ? ['--found'] : []),
    ],
  }
}

async function showNodes(
  context: CommandContext,
  nodes: readonly NodeAddress[],
  readyMs: number,
  options: GlobalOptions,
): Promise<void> {
  const leader = await waitForLeader(context, nodes)
  if (options.json) {
    await writeJson(context, { event: 'ready', nodes, leader: leader?.leader_id ?? null })
  }
  const { stderr } = context.styles
  const columns = (['NODE', 'HTTP', 'PEERS AND CLIENTS', ''] as const).map(
    (title) => ({ title, align: 'left' }) as const,
  )
  const rows = nodes.map(({ node, http, peer }) => [
    { text: String(node) },
    { text: `http://${http}` },
    { text: peer },
    { text: node === leader?.leader_id ? 'leader' : '', tone: 'good' as const },
  ])
  const table = renderTable(columns, rows, stderr)
  context.shell.stderr.write(`${table.replaceAll(/^/gm, '  ').trimEnd()}\n\n`)
  const agreed =
    leader === undefined ? stderr('warn', 'no leader yet: see dure status') : `term ${leader.term}`
  say(context, `${stderr('good', 'ready')}     in ${formatDuration(readyMs)}, ${agreed}`)
}

async function waitForLeader({ shell }: CommandContext, nodes: readonly NodeAddress[]) {
  const deadlineMs = performance.now() + LEADER_TIMEOUT_MS
  while (performance.now() < deadlineMs && !shell.interrupted.aborted) {
    for (const { node, http } of nodes) {
      const status = await new NodeHttp(node, http, 1_000).status().catch(() => undefined)
      if (status !== undefined && status.leader_id !== null) return status
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS))
  }
  return undefined
}

/** A failed import is told, and the cluster stays up: it can be tried again by hand. */
async function importOnce(
  context: CommandContext,
  nodes: readonly NodeAddress[],
  path: string,
  template: string,
  { keyspace }: GlobalOptions,
): Promise<void> {
  const source = { file: path, template, keyspace, concurrency: IMPORT_CONCURRENCY }
  try {
    const store = await context.shell.connect({ addresses: nodes.map(({ peer }) => peer), pinned: false })
    try {
      if (await wasImported(store, source))
        say(context, `${context.styles.stderr('good', 'data')}      was imported before`)
      else await runImport(context, store, source)
    } finally {
      await store.close({ timeoutMs: 0 })
    }
  } catch (error) {
    if (context.shell.interrupted.aborted) return
    if (!(error instanceof DureError)) throw error
    say(context, `${context.styles.stderr('bad', 'not imported')}  ${error.message}`)
  }
}

function showWhatNext(
  context: CommandContext,
  nodes: readonly NodeAddress[],
  own: UpOptions,
  options: GlobalOptions,
): void {
  const { stderr } = context.styles
  const where = [
    ...(options.directory === './data/local' || resolve(options.directory) === resolve('./data/local')
      ? []
      : [`--directory ${options.directory}`]),
  ]
  const dure = (text: string) => ['npx dure', text, ...where].join(' ')
  // Members come and go, so their numbers are not always those from 1 on.
  const numbers = nodes.map(({ node }) => node)
  const minority = numbers.slice(0, Math.ceil(numbers.length / 2) - 1)
  const majority = numbers.slice(minority.length)
  const [first, last] = [nodes[0]!, numbers.at(-1)!]
  const canCut = minority.length > 0
  const examples = [
    [dure('status'), 'who leads, who lags, who is cut off'],
    ...(own.import === undefined
      ? []
      : ([[dure('list "KR/" --limit 20'), 'some of what was imported']] as const)),
    ...(canCut
      ? ([
          [dure(`partition --split "${minority}|${majority}"`), 'cut the cluster in two'],
          [dure(`put city:seoul '{"population":9602000}'`), 'the majority accepts it'],
          [
            dure(`get city:seoul --node ${first.node}`),
            'the minority never answers with old data: a clear error',
          ],
          [dure('heal'), 'all agree again'],
          [dure(`kill ${last}`), `and back: dure start ${last}`],
        ] as const)
      : ([[dure(`put city:seoul '{"population":9602000}'`), 'set a key']] as const)),
    [
      // A cluster keeps its ports, so they are not always those of the options.
      `curl ${first.http.replace('127.0.0.1', 'localhost')}/status`,
      `what node ${first.node} says of itself`,
    ],
  ] as const
  say(context, `\n${stderr('strong', 'Try in a second terminal')}\n`)
  for (const line of renderExamples(examples).split('\n')) say(context, quietMeaning(line, stderr))
  say(
    context,
    `\n${stderr('quiet', 'Ctrl-C stops the cluster. Its nodes take fault commands (--allow-faults): for trying out only.')}`,
  )
}

/** The meaning of an example, two spaces behind it, steps back. */
function quietMeaning(line: string, style: (tone: 'quiet', text: string) => string): string {
  const at = line.lastIndexOf('  ')
  return at <= 2 ? line : `${line.slice(0, at)}  ${style('quiet', line.slice(at + 2))}`
}

function announce(context: CommandContext, options: GlobalOptions, event: SupervisorEvent): void {
  if (options.json) return void writeJson(context, event)
  const { stderr } = context.styles
  const time = stderr('quiet', new Date().toTimeString().slice(0, 8))
  const line = {
    ready: () => stderr('good', 'started'),
    killed: () => stderr('bad', 'killed'),
    paused: () => stderr('warn', 'paused'),
    resumed: () => stderr('good', 'resumed'),
    removed: () => stderr('warn', 'removed'),
    died: () =>
      `${stderr('bad', 'died')} (${printable(endingOf(event))}); start it again with: dure start ${event.node}`,
  }[event.event]()
  say(context, `${time}  node ${event.node}  ${line}`)
}

const endingOf = (event: SupervisorEvent) => (event.event === 'died' ? event.ending : '')

/** As seen from here, when it is below here. */
function shortPath(path: string): string {
  const short = relative('.', path)
  return short === '' || short.startsWith('..') ? path : short
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
