import { type Command, InvalidArgumentError, Option } from 'commander'
import { DureError } from '../../foundation/errors.ts'
import { type FaultKind, faultKinds } from '../../proof/chaos/nemesis/cluster-under-test.ts'
import type { Verdict } from '../../proof/verify/verdict/verdict.ts'
import { type CommandContext, say, writeData, writeJson } from '../command-context.ts'
import { exitCodes } from '../exit-code.ts'
import type { GlobalOptions } from '../options.ts'
import { Progress } from '../output/progress.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { type EngineName, engineNames } from '../test/engines/tested-engine.ts'
import type { FinishedTest } from '../test/run-test.ts'
import { defaults, type TestPlan } from '../test/test-plan.ts'
import { workloadNames } from '../test/workload-names.ts'
import { withExamples } from './examples.ts'

interface TestOptions extends GlobalOptions {
  readonly workload?: string
  readonly check?: string
  readonly engine: EngineName
  readonly endpoints?: readonly string[]
  readonly nodes: number
  readonly timeLimit: number
  readonly rate: number
  readonly concurrency: number
  readonly testCount: number
  readonly nemesis?: readonly FaultKind[]
  readonly nemesisInterval?: number
  readonly seed?: number
  readonly name?: string
  readonly store: string
}

const SEED_MAX = 999_999_999
const REDRAW_MS = 100
const COLUMNS = 80

export function addTestCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('test'), [
    ['dure test --workload bank --nodes 5 --time-limit 300', 'five processes, faults on, a verdict'],
    ['dure test --workload all --time-limit 60', 'every workload, and a table'],
    ['dure test --workload register --nemesis pause,partition', ''],
    ['dure test --workload set --nemesis all --seed 4711', 'bad links and changes of members, too'],
    ['dure test --workload cas-register --engine etcd --nodes 3', 'an etcd of its own, with faults'],
    ['dure test --workload bank --engine etcd --endpoints 127.0.0.1:2379', 'one that is there'],
    ['dure test --check store/latest', 'the verdict on what was recorded, again'],
  ])
    .description('real processes under load and faults: what clients saw is recorded and judged')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', () => afterHelp)
    .option('--workload <names>', 'what clients do, see below; several between commas, or all')
    .option('--check <directory>', 'no new run: judge the one that is recorded here again')
    .addOption(
      new Option('--engine <name>', 'what is tested: processes of ours, or etcd')
        .choices(engineNames)
        .default('embedded'),
    )
    .option('--endpoints <host:port,...>', 'of an etcd that is there; without them one is started', (text) =>
      text.split(',').map((endpoint) => endpoint.trim()),
    )
    .option('--nodes <count>', 'processes that are started', wholeNumber(1, 9), defaults.nodes)
    .option(
      '--time-limit <seconds>',
      'of the load; mending, final reads and the check come on top',
      wholeNumber(1, 86_400),
      defaults.timeLimitMs / 1_000,
    )
    .option(
      '--rate <calls>',
      'a second, of all workers together',
      wholeNumber(1, 100_000),
      defaults.ratePerSecond,
    )
    .option('--concurrency <workers>', 'each makes one call at a time', wholeNumber(1, 500), defaults.workers)
    .option(
      '--nemesis <kinds>',
      `faults: some of ${faultKinds.join(', ')}; or all, or none (${defaults.faultKinds.join(',')} unless said)`,
      kindsOfFaults,
    )
    .option(
      '--nemesis-interval <seconds>',
      `how long a fault lasts, and how long it stays away, about; ${defaults.faultIntervalMs / 1_000}, or a fifth of the time`,
      wholeNumber(1, 3_600),
    )
    .option(
      '--test-count <count>',
      'runs of each workload, with seeds that follow',
      wholeNumber(1, 10_000),
      1,
    )
    .option(
      '--seed <number>',
      'of the load and the faults; a fresh one unless said',
      wholeNumber(0, SEED_MAX),
    )
    .option('--name <name>', 'of the run in the store; <workload>-<engine> unless said', plainName)
    .option('--store <directory>', 'where runs are recorded', defaults.store)
    .option('--timeout-ms <ms>', 'of one call', wholeNumber(1, 600_000), defaults.timeoutMs)
    .option('--json', 'a line of JSON for each run')
    .action((_own, command: Command) => test(context, command.optsWithGlobals(), command))
}

const afterHelp = [
  '',
  'Workloads:',
  `  ${workloadNames.slice(0, 8).join(', ')},`,
  `  ${workloadNames.slice(8).join(', ')}`,
  '  dure test alone says what each of them does',
  '',
  'Exit codes:',
  '  0 valid · 1 invalid · 2 undecided, or too little was done to show anything',
  '  3 the nodes did not begin · 64 usage · 130 interrupted',
].join('\n')

/** For commander: `kill,partition`, `all` or `none`. */
function kindsOfFaults(text: string): readonly FaultKind[] {
  if (text === 'none') return []
  if (text === 'all') return faultKinds
  return Array.from(new Set(text.split(',')), (word) => {
    const kind = faultKinds.find((known) => known === word.trim())
    if (kind !== undefined) return kind
    const known = faultKinds.join(', ')
    throw new InvalidArgumentError(
      `${JSON.stringify(word)} is no kind of fault. Use some of ${known}; or all, or none.`,
    )
  })
}

/** For commander: a directory of the store, and nothing above it. */
function plainName(text: string): string {
  if (/^[\w-][\w .-]{0,99}$/.test(text) && text !== 'latest') return text
  throw new InvalidArgumentError(
    'Use letters, digits, dots, dashes and spaces, and another name than latest.',
  )
}

async function test(context: CommandContext, options: TestOptions, command: Command): Promise<void> {
  if (options.check !== undefined) return checkAgain(context, options.check, command)
  const plans = await plansOf(options)
  const { recordTest } = await import('../test/run-test.ts')
  const { RunDirectory } = await import('../test/store/run-directory.ts')
  const { shell, styles } = context
  const finished: FinishedTest[] = []
  try {
    for (const [i, plan] of plans.entries()) {
      if (shell.interrupted.aborted) break
      const directory = RunDirectory.create(plan.store, plan.name, new Date())
      const place = plans.length === 1 ? '' : `${i + 1} of ${plans.length}: `
      say(context, styles.stderr('quiet', `${place}${inWords(plan)}\n${directory.path}`))
      const run = await withLiveLine(context, plan, (hooks) =>
        recordTest(plan, directory, versionOf(command), {
          ...hooks,
          interrupted: shell.interrupted,
          killed: shell.killed,
        }),
      )
      finished.push(run)
      await tell(context, run, options)
    }
  } finally {
    // Also where one of them did not begin: hours may lie in those before it.
    if (plans.length > 1 && finished.length > 0 && !options.json) {
      const { renderRuns } = await import('../test/output/render-runs.ts')
      await writeData(context, `\n${renderRuns(finished, styles.stdout)}`)
    }
  }
  context.exitCode = shell.interrupted.aborted ? exitCodes.interrupted : exitCodeOf(finished)
}

async function plansOf(options: TestOptions): Promise<readonly TestPlan[]> {
  const { findWorkloads, listWorkloads } = await import('../test/find-workload.ts')
  const { usualFaultIntervalMs, usualName } = await import('../test/test-plan.ts')
  if (options.workload === undefined) {
    throw new DureError(
      'invalid',
      `what are clients to do? Say --workload, one of these or all:\n${listWorkloads()}`,
    )
  }
  const { engine, endpoints, seed = Math.floor(Math.random() * SEED_MAX) } = options
  const faultKinds = options.nemesis ?? (endpoints === undefined ? defaults.faultKinds : [])
  const timeLimitMs = options.timeLimit * 1_000
  const faultIntervalMs =
    options.nemesisInterval === undefined
      ? usualFaultIntervalMs(timeLimitMs)
      : options.nemesisInterval * 1_000
  return findWorkloads(options.workload).flatMap((workload) =>
    Array.from({ length: options.testCount }, (_, i) => ({
      name: options.name ?? usualName(workload, engine),
      workload,
      engine,
      ...(endpoints !== undefined && { endpoints }),
      nodes: options.nodes,
      workers: options.concurrency,
      ratePerSecond: options.rate,
      timeLimitMs,
      timeoutMs: options.timeoutMs,
      faultKinds,
      faultIntervalMs,
      seed: seed + i,
      store: options.store,
    })),
  )
}

function inWords({ workload, engine, endpoints, nodes, timeLimitMs, faultKinds, seed }: TestPlan): string {
  const count = nodes === 1 ? '1 node' : `${nodes} nodes`
  const where = endpoints === undefined ? (engine === 'embedded' ? count : `${count} of ${engine}`) : engine
  const faults = faultKinds.length === 0 ? 'no faults' : faultKinds.join(' ')
  return `${workload.name} on ${where}, ${timeLimitMs / 1_000} s, ${faults}, seed ${seed}`
}

async function checkAgain(context: CommandContext, path: string, command: Command): Promise<void> {
  const said = ['workload', 'seed', 'nemesis'].find((name) => command.getOptionValueSource(name) === 'cli')
  if (said !== undefined)
    throw new DureError(
      'invalid',
      `--check judges what was recorded, and makes no new run: leave out --${said}`,
    )
  const { checkAgain } = await import('../test/check-again.ts')
  const { RunDirectory } = await import('../test/store/run-directory.ts')
  const run = await checkAgain(new RunDirectory(path), context.shell.interrupted)
  await tell(context, run, command.optsWithGlobals())
  context.exitCode = exitCodeOf([run])
}

async function tell(context: CommandContext, run: FinishedTest, { json }: GlobalOptions): Promise<void> {
  const { setup, results } = run.record
  if (json) return writeJson(context, { directory: run.directory.path, ...setup, ...results })
  const { renderTest } = await import('../test/output/render-test.ts')
  await writeData(context, renderTest(run, context.styles.stdout))
}

type LiveHooks = Pick<Parameters<typeof import('../test/run-test.ts').recordTest>[3], 'onPhase' | 'onEvent'>

/** On a terminal alone: elsewhere nothing is said before the verdict. */
async function withLiveLine<Result>(
  { shell }: CommandContext,
  plan: TestPlan,
  run: (hooks: LiveHooks) => Promise<Result>,
): Promise<Result> {
  if (!shell.stderr.isTTY) return run({})
  const { LiveLine } = await import('../test/output/live-line.ts')
  const progress = new Progress(shell.stderr)
  const line = new LiveLine(plan.timeLimitMs)
  const show = (): void => progress.update(() => line.text((shell.stderr.columns ?? COLUMNS) - 1))
  const drawing = setInterval(show, REDRAW_MS)
  try {
    return await run({ onPhase: (phase) => line.phase(phase), onEvent: (event) => line.event(event) })
  } finally {
    clearInterval(drawing)
    progress.abandon()
  }
}

const codes: Readonly<Record<Verdict, number>> = {
  invalid: exitCodes.no,
  unknown: exitCodes.undecided,
  valid: exitCodes.fine,
}

/** The worst of them. */
function exitCodeOf(runs: readonly FinishedTest[]): number {
  const verdicts = new Set(runs.map(({ record }) => record.results.verdict))
  const worst = (['invalid', 'unknown', 'valid'] as const).find((verdict) => verdicts.has(verdict))
  return worst === undefined ? exitCodes.undecided : codes[worst]
}

const versionOf = (command: Command): string => command.parent!.version() ?? ''
