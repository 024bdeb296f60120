import { type Command, Option } from 'commander'
import { DureError } from '../../foundation/errors.ts'
import type { FaultKind } from '../../proof/chaos/nemesis/cluster-under-test.ts'
import { type LatencyDistribution, latencyDistributions } from '../../proof/maelstrom/network/latency.ts'
import { topologyNames, topologyOf } from '../../proof/maelstrom/network/topology.ts'
import { type MaelstromRun, runMaelstromTest } from '../../proof/maelstrom/run/run-maelstrom-test.ts'
import { maelstromWorkloads } from '../../proof/maelstrom/workloads/catalogue.ts'
import type { MaelstromWorkload } from '../../proof/maelstrom/workloads/maelstrom-workload.ts'
import type { ConsistencyModel } from '../../proof/verify/transactions/consistency/consistency-model.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { type CommandContext, say, writeData, writeJson } from '../command-context.ts'
import { exitCodes } from '../exit-code.ts'
import { ChildLauncher, requireProgram } from '../maelstrom/child-launcher.ts'
import { renderRun } from '../maelstrom/render-run.ts'
import { resultsJson } from '../maelstrom/results.ts'
import { StoreDirectory } from '../maelstrom/store-directory.ts'
import {
  availability,
  type Concurrency,
  concurrency,
  faultList,
  modelList,
  nemesisKinds,
  notNegative,
  positive,
} from '../maelstrom/test-options.ts'
import { Progress } from '../output/progress.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { withExamples } from './examples.ts'

interface TestCommandOptions {
  readonly workload: string
  readonly bin: string
  readonly nodeCount: number
  readonly concurrency: Concurrency
  readonly rate: number
  readonly timeLimit: number
  readonly timeoutMs?: number
  readonly latency: number
  readonly latencyDist: LatencyDistribution
  readonly topology: string
  readonly availability?: number
  readonly consistencyModels: readonly ConsistencyModel[]
  readonly keyCount?: number
  readonly maxTxnLength?: number
  readonly maxWritesPerKey?: number
  readonly crashClients: boolean
  readonly nemesis?: readonly FaultKind[]
  readonly nemesisInterval?: number
  readonly settle?: number
  readonly seed?: number
  readonly logStderr?: boolean
  readonly logNetSend?: boolean
  readonly logNetRecv?: boolean
  readonly store: string
  readonly json?: boolean
}

const SEED_MAX = 999_999_999
const NEMESIS_INTERVAL_SECONDS = 10
/** A fault must strike, and be over, well within the test. */
const INTERVALS_PER_TEST = 4
const TIMEOUT_MS_MIN = 1_000
const LATENCIES_PER_TIMEOUT = 10
const COLUMNS = 80

export function addMaelstromCommand(program: Command, context: CommandContext): void {
  const maelstrom = program
    .command('maelstrom')
    .description('Maelstrom’s protocol: test programs in any language that speak it, or be one')
    .configureHelp({ showGlobalOptions: false })
  addTestCommand(maelstrom, context)
  addNodeCommand(maelstrom, context)
}

function addNodeCommand(maelstrom: Command, { shell }: CommandContext): void {
  withExamples(maelstrom.command('node'), [
    ['dure maelstrom test -w lin-kv --bin npx -- dure maelstrom node', 'Dure’s own store, under the runner'],
    ['maelstrom test -w lin-kv --bin npx … -- dure maelstrom node', 'or under the original'],
  ])
    .description('be a node: Dure’s store for the workloads lin-kv, txn-list-append and txn-rw-register')
    .configureHelp({ showGlobalOptions: false })
    .option('--data <path>', 'what outlives a kill; $DURE_NODE_DIRECTORY unless said, else nothing does')
    .action(async ({ data }: { readonly data?: string }) => {
      // Loaded here: no other command of these needs storage.
      const { runDureNode } = await import('../maelstrom/run-dure-node.ts')
      const directory = data ?? shell.env.DURE_NODE_DIRECTORY
      await runDureNode({ stdin: shell.stdin, stdout: shell.stdout, directory })
    })
}

function addTestCommand(maelstrom: Command, context: CommandContext): void {
  withExamples(maelstrom.command('test'), [
    ['dure maelstrom test --workload echo --bin ./echo.py', 'does it speak the protocol?'],
    ['dure maelstrom test --workload lin-kv --bin ./kv.py --nemesis partition', 'is it linearizable?'],
    ['dure maelstrom test --workload broadcast --bin ./node --node-count 25 --latency 100', ''],
    ['dure maelstrom test --workload lin-kv --bin node -- ./server.js --verbose', 'words for the program'],
  ])
    .description(
      'nodes of a program, a network between them, clients, faults, and a verdict: exit code 0, 1 or 2',
    )
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', () => `\n${workloadsHelp()}`)
    .addOption(
      new Option('-w, --workload <name>', 'what is asked of it, see below')
        .choices(maelstromWorkloads.map(({ name }) => name))
        .argParser((text) => text)
        .default('lin-kv'),
    )
    .requiredOption('--bin <path>', 'the program that runs a node')
    .argument('[arguments...]', 'after --: words for the program')
    .option('--node-count <count>', 'nodes: n1, n2 …', wholeNumber(1, 1_000), 5)
    .addOption(
      new Option('--concurrency <clients>', 'clients, or so many for each node: 10, 4n')
        .argParser(concurrency)
        .default((nodes: number) => nodes, '1n'),
    )
    .option('--rate <calls>', 'calls a second, of all clients together', positive, 5)
    .option('--time-limit <seconds>', 'of the load', positive, 60)
    .option('--timeout-ms <ms>', 'of a call; 1000, or 10 × latency', wholeNumber(1, 600_000))
    .option('--latency <ms>', 'between nodes, on average', notNegative, 0)
    .addOption(
      new Option('--latency-dist <name>', 'how it is spread')
        .choices(latencyDistributions)
        .default('constant'),
    )
    .option('--topology <name>', `for broadcast: ${topologyNames.join(', ')}`, 'grid')
    .option(
      '--availability <part>',
      'calls that must be acknowledged: total, or a part such as 0.99',
      availability,
    )
    .option('--consistency-models <names>', 'for transactions, between commas', modelList, [
      'strict-serializable',
    ])
    .option(
      '--key-count <count>',
      'for transactions and kafka: keys in use at a time',
      wholeNumber(1, 10_000),
    )
    .option('--max-txn-length <count>', 'for transactions: steps', wholeNumber(1, 1_000))
    .option('--max-writes-per-key <count>', 'for transactions and kafka', wholeNumber(1, 1_000_000))
    .option('--no-crash-clients', 'for kafka: clients stay')
    .option('--nemesis <faults>', `between commas: ${nemesisKinds.join(', ')}`, faultList)
    .option(
      '--nemesis-interval <seconds>',
      'between faults, and how long each lasts; 10, or a quarter of the time',
      positive,
    )
    .option('--settle <seconds>', 'before the final reads; 10 after faults, else 5', notNegative)
    .option(
      '--seed <number>',
      'for load, latencies and faults; a fresh one unless said',
      wholeNumber(0, SEED_MAX),
    )
    .option('--log-stderr', 'show what nodes write to stderr')
    .option('--log-net-send', 'show messages as they are sent')
    .option('--log-net-recv', 'show messages as they are received')
    .option('--store <path>', 'where runs are kept', 'store')
    .option('--json', 'answer in JSON')
    .action((words: string[], options: TestCommandOptions, command: Command) =>
      test(context, words, { ...options, ...(command.optsWithGlobals().json === true && { json: true }) }),
    )
}

const workloadsHelp = (): string =>
  [
    'Workloads:',
    ...maelstromWorkloads.map(({ name, description }) => `  ${name.padEnd(15)}  ${description}`),
  ].join('\n')

async function test(
  context: CommandContext,
  words: readonly string[],
  options: TestCommandOptions,
): Promise<void> {
  const { shell, styles } = context
  const workload = workloadOf(options)
  const bin = requireProgram(options.bin)
  const workers = options.concurrency(options.nodeCount)
  requireReaders(workload, workers, options)
  topologyOf(options.topology, ['n1'])
  const seed = options.seed ?? Math.floor(Math.random() * SEED_MAX)
  const store = new StoreDirectory(options.store, workload.name, Date.now())
  const told = {
    workload: workload.name,
    bin: options.bin,
    arguments: words,
    seed,
    ...plainOptions(options, workers),
  }
  store.write('test.json', told)
  say(
    context,
    styles.stderr('quiet', `${workload.name}, ${options.nodeCount} nodes, seed ${seed}: ${store.path}`),
  )
  const launcher = new ChildLauncher({
    bin,
    args: words,
    logDirectory: store.nodeLogs,
    dataDirectory: store.nodeData,
    stderr: options.logStderr ? shell.stderr : undefined,
  })
  // For its clock and its timers; it listens nowhere.
  const runtime = await createNodeRuntime({
    directory: store.path,
    network: { framing: tcpFraming, clusterId: 'maelstrom', nodeId: 0 },
    seed,
  })
  const progress = new Progress(shell.stderr)
  let calls = 0
  try {
    const run = await runMaelstromTest(
      runtime,
      launcher,
      { ...testOptions(options, workload, workers), seed },
      {
        signal: shell.interrupted,
        onEvent(event) {
          store.event(event)
          if (event.process === 'nemesis') {
            progress.abandon()
            const error = event.error === undefined ? '' : `: ${String(event.error)}`
            say(context, styles.stderr('warn', `${event.f} ${String(event.value)}${error}`))
          } else if (event.type === 'invoke') {
            calls++
            progress.update(() => `${calls} calls`)
          }
        },
        onPhase(phase) {
          if (phase !== 'prepare' && phase !== 'done') progress.update(() => `${calls} calls, ${phase}`)
        },
        onMessage(event, id, message) {
          store.message(event, id, message)
          if (event === 'sent' ? options.logNetSend : options.logNetRecv)
            say(context, styles.stderr('quiet', `${event.padEnd(8)}  ${JSON.stringify(message)}`))
        },
      },
    )
    progress.abandon()
    const json = resultsJson(run, told)
    await store.finish(json, run.history)
    context.exitCode =
      shell.interrupted.aborted && run.verdict !== 'invalid' ? exitCodes.interrupted : exitCodeOf(run)
    if (options.json) return await writeJson(context, json)
    const columns = shell.stdout.columns ?? COLUMNS
    await writeData(context, renderRun(run, store.path, { style: styles.stdout, columns }))
  } finally {
    launcher.close()
    await runtime.close()
  }
}

function testOptions(options: TestCommandOptions, workload: MaelstromWorkload, workers: number) {
  const timeLimitMs = options.timeLimit * 1_000
  const intervalMs =
    options.nemesisInterval === undefined
      ? Math.min(NEMESIS_INTERVAL_SECONDS * 1_000, timeLimitMs / INTERVALS_PER_TEST)
      : options.nemesisInterval * 1_000
  return {
    workload,
    workers,
    nodeCount: options.nodeCount,
    ratePerSecond: options.rate,
    timeLimitMs,
    timeoutMs: options.timeoutMs ?? Math.max(TIMEOUT_MS_MIN, LATENCIES_PER_TIMEOUT * options.latency),
    latencyMs: options.latency,
    distribution: options.latencyDist,
    topology: options.topology,
    availability: options.availability,
    consistencyModels: options.consistencyModels,
    keyCount: options.keyCount,
    transactionLengthMax: options.maxTxnLength,
    writesPerKeyMax: options.maxWritesPerKey,
    crashClients: options.crashClients,
    faults:
      options.nemesis === undefined
        ? undefined
        : { kinds: options.nemesis, everyMs: intervalMs, forMs: intervalMs },
    settleMs: 1_000 * (options.settle ?? (options.nemesis === undefined ? 5 : 10)),
  }
}

function workloadOf({ workload }: TestCommandOptions): MaelstromWorkload {
  const found = maelstromWorkloads.find(({ name }) => name === workload)
  if (found !== undefined) return found
  const known = maelstromWorkloads.map(({ name }) => name).join(', ')
  throw new DureError(
    'invalid',
    `asked for the workload ${workload}, and there is none of that name: use ${known}`,
  )
}

/** What every node has in the end is asked by a client of its own. */
function requireReaders(
  workload: MaelstromWorkload,
  workers: number,
  { nodeCount }: TestCommandOptions,
): void {
  if (workers >= nodeCount || !workload.readsEachNode) return
  const message = `${workload.name} reads every node in the end: ${workers} clients for ${nodeCount} nodes are too few, give --concurrency 1n or more`
  throw new DureError('invalid', message)
}

function plainOptions(options: TestCommandOptions, workers: number): Readonly<Record<string, unknown>> {
  return {
    node_count: options.nodeCount,
    concurrency: workers,
    rate: options.rate,
    time_limit: options.timeLimit,
    latency: { mean: options.latency, dist: options.latencyDist },
    nemesis: options.nemesis ?? [],
  }
}

const exitCodeOf = ({ verdict }: MaelstromRun): number =>
  ({ valid: exitCodes.fine, invalid: exitCodes.no, unknown: exitCodes.undecided })[verdict]
