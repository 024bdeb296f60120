import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import { type FaultKind, faultKinds, scenarioDefaults } from '../../proof/simulation/scenario-options.ts'
import { type Tally, TallyKeeper } from '../../proof/simulation/tally.ts'
import { type CommandContext, say, writeData, writeJson } from '../command-context.ts'
import { exitCodes } from '../exit-code.ts'
import type { GlobalOptions } from '../options.ts'
import { Progress } from '../output/progress.ts'
import { renderTable } from '../output/table.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { runSeeds } from '../simulate/seed-pool.ts'
import { workloadNames } from '../test/workload-names.ts'
import { withExamples } from './examples.ts'

interface SimulateOptions extends GlobalOptions {
  readonly seeds: number
  readonly seed?: number
  readonly from?: number
  readonly nodes: number
  readonly seconds: number
  readonly without?: readonly FaultKind[]
  readonly workload?: string
  readonly nemesis?: readonly FaultKind[]
  readonly jobs?: number
}

export function addSimulateCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('simulate'), [
    ['dure simulate --seeds 1000 --nodes 5', 'a thousand clusters, each with its own bad days'],
    ['dure simulate --seed 4711 --nodes 5', 'the very same run again'],
    ['dure simulate --seeds 200 --without crash,disk', ''],
    [
      'dure simulate --workload list-append --seeds 5000 --nemesis all',
      'one kind of load, judged by its own check',
    ],
  ])
    .description('whole clusters on virtual time under seeded faults: fault phase, liveness phase, verdict')
    .option('--seeds <count>', 'how many seeds to run', wholeNumber(1, 999_999_999), 100)
    .option('--seed <number>', 'run this seed alone', wholeNumber(0, SEED_MAX))
    .option('--from <number>', 'the first seed; a fresh one unless said', wholeNumber(0, SEED_MAX))
    .option('--nodes <count>', 'nodes of each cluster', wholeNumber(1, 9), scenarioDefaults.nodeCount)
    .option(
      '--seconds <count>',
      'virtual seconds of faults',
      wholeNumber(1, 86_400),
      scenarioDefaults.faultPhaseMs / 1_000,
    )
    .option('--without <kinds>', `what to leave out: ${faultKinds.join(', ')}`, faultList)
    .option(
      '--nemesis <kinds>',
      `what to do, and nothing else: all, none, or some of ${Object.keys(nemesisKinds).join(', ')}`,
      nemesisList,
    )
    .option('--workload <name>', `what clients do: ${workloadNames.join(', ')}`)
    .option('--jobs <count>', 'threads; one for each core unless said', wholeNumber(1, 64))
    .action((_own, command) => simulate(context, command.optsWithGlobals()))
}

async function simulate(context: CommandContext, options: SimulateOptions): Promise<void> {
  const { shell, styles } = context
  const isOne = options.seed !== undefined
  const count = isOne ? 1 : options.seeds
  // Fresh seeds are drawn at random, so that every run looks somewhere else; they are printed, so that it can be repeated.
  const first = options.seed ?? options.from ?? Math.floor(Math.random() * SEED_MAX)
  const without = leftOut(options)
  const scenario = {
    ...scenarioDefaults,
    nodeCount: options.nodes,
    faultPhaseMs: options.seconds * 1_000,
    ...(without.length > 0 && { without }),
    ...(options.workload !== undefined && { workload: await known(options.workload) }),
  }
  say(context, styles.stderr('quiet', isOne ? `seed ${first}` : `seeds ${first} … ${first + count - 1}`))
  const keeper = new TallyKeeper()
  const progress = new Progress(shell.stderr)
  const startedMs = performance.now()
  await runSeeds(sequence(first, count), scenario, {
    jobs: Math.min(count, options.jobs ?? availableParallelism()),
    signal: shell.interrupted,
    onReport: (report) => {
      keeper.add(report)
      const { seeds, failures } = keeper.tally
      // At once: a long run is worth looking into before it ends.
      if (report.failure !== undefined && failures.length <= FAILURES_SHOWN_MAX)
        say(context, `\n${report.failure}\n`)
      progress.update(() => `${seeds} of ${count} seeds, ${failures.length} failed`)
    },
  })
  const seconds = (performance.now() - startedMs) / 1_000
  const { tally } = keeper
  progress.finish(`${tally.seeds} of ${count} seeds, ${tally.failures.length} failed`)
  const missed = missedPaths(tally, options)
  if (missed.length > 0) {
    say(context, `\nno seed reached ${missed.join(', ')}: what nothing reaches is not tested`)
  }
  context.exitCode = exitCodeFor(tally, missed, shell.interrupted.aborted)
  if (options.json) {
    return writeJson(context, { first_seed: first, seconds, ...tally })
  }
  await writeData(context, `\n${render(context, tally, seconds)}`)
}

const FAILURES_SHOWN_MAX = 3
const MISSED_SEEDS_MIN = 40
const SEED_MAX = 999_999_999

/** The workloads themselves are loaded when one is run. */
async function known(workload: string): Promise<string> {
  const { workloadNamed } = await import('../../proof/workloads/catalogue.ts')
  return workloadNamed(workload).name
}

/** What `--nemesis` names, as `dure test` does. */
const nemesisKinds: Readonly<Record<string, readonly FaultKind[]>> = {
  kill: ['crash', 'wipe'],
  pause: ['pause', 'hang'],
  partition: ['partition'],
  packet: ['loss', 'duplicate', 'reorder'],
  member: ['membership', 'transfer'],
  clock: ['clock'],
  disk: ['disk', 'rot'],
}

/** For commander: what is done, between commas. */
function nemesisList(text: string): FaultKind[] {
  if (text === 'all') return Object.values(nemesisKinds).flat()
  if (text === 'none') return []
  return text.split(',').flatMap((word) => {
    const kinds = nemesisKinds[word.trim()]
    if (kinds !== undefined) return kinds
    throw new InvalidArgumentError(
      `${JSON.stringify(word)} is no kind of fault. Use all, none, or some of ${Object.keys(nemesisKinds).join(', ')}.`,
    )
  })
}

/** What is not to happen: said so, or not named among what is. Watches and leases are no faults. */
function leftOut({ without = [], nemesis }: SimulateOptions): readonly FaultKind[] {
  if (nemesis === undefined) return without
  const faults = Object.values(nemesisKinds).flat()
  return [...new Set([...without, ...faults.filter((kind) => !nemesis.includes(kind))])]
}

/** For commander: kinds of faults between commas. */
function faultList(text: string): FaultKind[] {
  return text.split(',').map((word) => {
    const kind = faultKinds.find((known) => known === word.trim())
    if (kind !== undefined) return kind
    throw new InvalidArgumentError(
      `${JSON.stringify(word)} is no kind of fault. Use some of ${faultKinds.join(', ')}.`,
    )
  })
}

/** A path that so many seeds of the usual kind did not reach is a hole in the simulation, not chance. */
function missedPaths(tally: Tally, options: SimulateOptions): readonly string[] {
  const { nodes, seconds, workload } = options
  const isUsual =
    nodes >= scenarioDefaults.nodeCount &&
    seconds * 1_000 >= scenarioDefaults.faultPhaseMs &&
    workload === undefined &&
    leftOut(options).length === 0
  return isUsual && tally.seeds >= MISSED_SEEDS_MIN ? tally.unreached : []
}

function exitCodeFor(tally: Tally, missed: readonly string[], isInterrupted: boolean): number {
  if (missed.length > 0 || tally.failures.some(({ verdict }) => verdict === 'invalid')) return exitCodes.no
  if (isInterrupted) return exitCodes.interrupted
  return tally.failures.length > 0 ? exitCodes.undecided : exitCodes.fine
}

function* sequence(first: number, count: number): Iterable<number> {
  for (let i = 0; i < count; i++) yield first + i
}

function render({ styles }: CommandContext, tally: Tally, seconds: number): string {
  const number = (value: number) => Math.round(value).toLocaleString('en')
  const rows: [string, string][] = [
    ['operations', `${number(tally.operations)}, ${number(tally.acknowledged)} answered`],
    ['crashes, pauses', `${number(tally.faults.crashes)}, ${number(tally.faults.pauses)}`],
    ['cuts, clogged links', `${number(tally.faults.partitions)}, ${number(tally.faults.clogs)}`],
    ['disk faults, clock jumps', `${number(tally.faults.diskFaults)}, ${number(tally.faults.clockJumps)}`],
    [
      'watches moved, compacted',
      `${number(tally.faults.watchesReopened)}, ${number(tally.faults.watchesCompacted)}`,
    ],
    [
      'leases granted, expired',
      `${number(tally.faults.leasesGranted)}, ${number(tally.faults.leasesExpired)}`,
    ],
    ['events', `${number(tally.events)}, ${number(tally.events / seconds)} per second`],
    [
      'virtual time',
      `${number(tally.virtualMs / 1_000)} s, ${number(tally.virtualMs / 1_000 / seconds)} × real time`,
    ],
  ]
  const columns = [
    { title: 'WHAT', align: 'left' },
    { title: 'HOW MUCH', align: 'left' },
  ] as const
  const table = renderTable(
    columns,
    rows.map((row) => row.map((text) => ({ text }))),
    styles.stdout,
  )
  const marks = Object.entries(tally.marks).map(([name, count]) => [
    { text: name },
    { text: number(count), tone: count === 0 ? ('warn' as const) : ('plain' as const) },
  ])
  const markColumns = [
    { title: 'RARE PATH', align: 'left' },
    { title: 'PASSED', align: 'right' },
  ] as const
  const verdict =
    tally.failures.length === 0
      ? styles.stdout('good', `valid: ${number(tally.valid)} of ${number(tally.seeds)} seeds`)
      : styles.stdout(
          'bad',
          `failed: ${tally.failures.map(({ seed, verdict }) => `${seed} (${verdict})`).join(', ')}`,
        )
  return `${table}\n${renderTable(markColumns, marks, styles.stdout)}\n${verdict}\n`
}
