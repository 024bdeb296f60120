import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DureError } from '../../foundation/errors.ts'
import { DURE_VERSION } from '../../foundation/version.ts'
import type { FaultKind } from '../../proof/chaos/nemesis/cluster-under-test.ts'
import type { LatencyDistribution } from '../../proof/maelstrom/network/latency.ts'
import { topologyOf } from '../../proof/maelstrom/network/topology.ts'
import { type MaelstromRun, runMaelstromTest } from '../../proof/maelstrom/run/run-maelstrom-test.ts'
import { maelstromWorkloads } from '../../proof/maelstrom/workloads/catalogue.ts'
import type { MaelstromWorkload } from '../../proof/maelstrom/workloads/maelstrom-workload.ts'
import type { ConsistencyModel } from '../../proof/verify/transactions/consistency/consistency-model.ts'
import type { TestSetup } from '../../proof/workloads/run/test-record.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { type CommandContext, say, writeData, writeJson } from '../command-context.ts'
import { exitCodes } from '../exit-code.ts'
import { Progress } from '../output/progress.ts'
import { shellWord } from '../output/shell-word.ts'
import { renderTest } from '../test/output/render-test.ts'
import { HistoryFiles } from '../test/store/history-files.ts'
import { RunDirectory } from '../test/store/run-directory.ts'
import { testResults } from '../test/test-results.ts'
import { writeReport } from '../test/write-report.ts'
import { ChildLauncher, requireProgram } from './child-launcher.ts'
import { MessagesFile } from './messages-file.ts'
import { renderMessages } from './render-messages.ts'
import { maelstromResults } from './results.ts'
import type { Concurrency } from './test-options.ts'

/** What the command line says. */
export interface TestCommandOptions {
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

/** The test that a command line asks for, from its options to what a person reads. */
export async function runTest(
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
  const directory = RunDirectory.create(options.store, `${workload.name}-maelstrom`, new Date())
  const asked = { ...options, seed, workers }
  const setup = testSetup(workload, asked, words, directory)
  directory.writeSetup(setup)
  say(
    context,
    styles.stderr(
      'quiet',
      `${workload.name} on ${options.nodeCount === 1 ? '1 node' : `${options.nodeCount} nodes`}, seed ${seed}\n${directory.path}`,
    ),
  )
  const run = await record(context, directory, { bin, words, workload, options: asked })
  const logs = setup.nodes
    .map((node) => join(NODE_LOGS, `${node}.log`))
    .filter((file) => existsSync(directory.at(file)))
  const results = {
    ...testResults({
      ...run,
      events: run.history.events,
      isInterrupted: shell.interrupted.aborted,
      surprises: [],
      files: ['history.jsonl', 'history.edn', 'messages.jsonl', ...logs],
    }),
    ...maelstromResults(run),
  }
  directory.writeResults(results)
  const finished = { record: { setup, results, history: run.history }, result: run.result, directory }
  await writeReport(directory, finished.record, run.result)
  context.exitCode = shell.interrupted.aborted ? exitCodes.interrupted : exitCodeOf(run)
  if (options.json) return await writeJson(context, { directory: directory.path, ...setup, ...results })
  await writeData(context, `${renderTest(finished, styles.stdout)}\n${renderMessages(run, styles.stdout)}`)
}

const NODE_LOGS = 'node-logs'

interface Asked {
  readonly bin: string
  readonly words: readonly string[]
  readonly workload: MaelstromWorkload
  readonly options: TestCommandOptions & { readonly seed: number; readonly workers: number }
}

/** Runs it, and writes down what happens as it happens. */
async function record(
  context: CommandContext,
  directory: RunDirectory,
  { bin, words, workload, options }: Asked,
): Promise<MaelstromRun> {
  const { shell, styles } = context
  const launcher = new ChildLauncher({
    bin,
    args: words,
    logDirectory: directory.at(NODE_LOGS),
    dataDirectory: directory.at('node-data'),
    stderr: options.logStderr ? shell.stderr : undefined,
  })
  const end = (): void => launcher.close()
  shell.killed.addEventListener('abort', end, { once: true })
  // For its clock and its timers; it listens nowhere.
  const runtime = await createNodeRuntime({
    directory: directory.path,
    network: { framing: tcpFraming, clusterId: 'maelstrom', nodeId: 0 },
    seed: options.seed,
  })
  const history = new HistoryFiles(directory.path)
  const messages = new MessagesFile(directory.at('messages.jsonl'))
  const progress = new Progress(shell.stderr)
  let calls = 0
  try {
    return await runMaelstromTest(runtime, launcher, testOptions(options, workload), {
      signal: shell.interrupted,
      onEvent(event) {
        history.add(event)
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
        messages.add(event, id, message)
        if (event === 'sent' ? options.logNetSend : options.logNetRecv)
          say(context, styles.stderr('quiet', `${event.padEnd(8)}  ${JSON.stringify(message)}`))
      },
    })
  } finally {
    progress.abandon()
    shell.killed.removeEventListener('abort', end)
    launcher.close()
    await Promise.all([history.close(), messages.close()])
    await runtime.close()
  }
}

function testOptions(options: Asked['options'], workload: MaelstromWorkload) {
  const kinds = faultsOf(options)
  const timeLimitMs = options.timeLimit * 1_000
  const intervalMs =
    options.nemesisInterval === undefined
      ? Math.min(NEMESIS_INTERVAL_SECONDS * 1_000, timeLimitMs / INTERVALS_PER_TEST)
      : options.nemesisInterval * 1_000
  return {
    workload,
    seed: options.seed,
    workers: options.workers,
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
    faults: kinds.length === 0 ? undefined : { kinds, everyMs: intervalMs, forMs: intervalMs },
    settleMs: 1_000 * (options.settle ?? (kinds.length === 0 ? 5 : 10)),
  }
}

const faultsOf = ({ nemesis = [] }: TestCommandOptions): readonly FaultKind[] => nemesis

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

function testSetup(
  workload: MaelstromWorkload,
  options: Asked['options'],
  words: readonly string[],
  directory: RunDirectory,
): TestSetup {
  const { nodeCount, workers, rate, latency, latencyDist, timeLimit, seed } = options
  return {
    name: `${workload.name}-maelstrom`,
    workload: { name: workload.name, description: workload.description },
    engine: [options.bin, ...words].join(' '),
    version: DURE_VERSION,
    startedAt: new Date().toISOString(),
    nodes: Array.from({ length: nodeCount }, (_, i) => `n${i + 1}`),
    seed,
    faultKinds: faultsOf(options),
    options: {
      rate: `${rate} calls a second`,
      concurrency: workers,
      'time limit': `${timeLimit} s`,
      latency: latency === 0 ? 'none' : `${latency} ms, ${latencyDist}`,
    },
    replayCommand: replayCommand(workload.name, options, words),
    checkCommand: `dure test --check ${directory.path}`,
    maelstrom: {
      consistencyModels: options.consistencyModels,
      ...(options.availability !== undefined && { availability: options.availability }),
    },
  }
}

/** What is not as it is unless said. */
function replayCommand(workload: string, options: Asked['options'], words: readonly string[]): string {
  const said: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ['--workload', workload],
    ['--bin', options.bin],
    ['--node-count', options.nodeCount],
    ['--concurrency', options.workers],
    ['--rate', options.rate],
    ['--time-limit', options.timeLimit],
    ['--timeout-ms', options.timeoutMs],
    ['--latency', options.latency || undefined],
    ['--latency-dist', options.latency === 0 ? undefined : options.latencyDist],
    ['--topology', workload === 'broadcast' ? options.topology : undefined],
    ['--availability', options.availability],
    ['--consistency-models', workload.startsWith('txn') ? options.consistencyModels.join(',') : undefined],
    ['--key-count', options.keyCount],
    ['--max-txn-length', options.maxTxnLength],
    ['--max-writes-per-key', options.maxWritesPerKey],
    ['--nemesis', faultsOf(options).join(',') || undefined],
    ['--nemesis-interval', options.nemesisInterval],
    ['--settle', options.settle],
    ['--seed', options.seed],
  ]
  const flags = said.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]))
  const rest = words.length === 0 ? [] : ['--', ...words]
  return ['dure maelstrom test', ...flags, ...(options.crashClients ? [] : ['--no-crash-clients']), ...rest]
    .map((word, i) => (i > 0 ? shellWord(word) : word))
    .join(' ')
}

const exitCodeOf = ({ verdict }: MaelstromRun): number =>
  ({ valid: exitCodes.fine, invalid: exitCodes.no, unknown: exitCodes.undecided })[verdict]
