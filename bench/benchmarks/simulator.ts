import { runSeed, type SeedReport } from '../../src/proof/simulation/run-seed.ts'
import { scenarioDefaults } from '../../src/proof/simulation/scenario-options.ts'
import { median } from '../measurement/median.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { Report, Settings } from './benchmark.ts'

const SEEDS = { full: 500, normal: 100, quick: 10 } as const
/** Fewer seeds when they take longer than this together. */
const SECONDS = { full: 300, normal: 60, quick: 10 } as const
/** Run before the clock starts, so that the compiler has seen the code. */
const WARM_UP_SEEDS = 3

interface Simulator {
  readonly nodes: number
  readonly operationsPerVirtualSecond: number
  readonly seeds: number
  readonly virtualSeconds: number
  readonly seconds: number
  /** CPU time; less than `seconds` when the machine was busy with something else. */
  readonly cpuSeconds: number
  /** Virtual seconds that pass in a second; the goal is 100, the stretch 500. */
  readonly timesRealTime: number
  /** The same of the seed in the middle. */
  readonly medianTimesRealTime: number
  readonly eventsPerSecond: number
  readonly operations: number
  /** Seeds that did not end as `valid`: a benchmark that finds a bug says so. */
  readonly notValid: readonly { readonly seed: number; readonly failure: string }[]
}

/**
 * Whole seeds of the standing check, one after the other in one thread: five nodes, 100 operations for each virtual
 * second, all faults and all invariants on, the history checked at the end.
 */
export async function simulator(settings: Settings): Promise<Report> {
  for (let seed = 1; seed <= WARM_UP_SEEDS; seed++) runSeed(seed)
  const reports: SeedReport[] = []
  const ratios: number[] = []
  const beganMs = performance.now()
  const beganCpu = process.cpuUsage()
  const deadlineMs = beganMs + (settings.seconds ?? SECONDS[settings.mode]) * 1_000
  const seeds = settings.rounds ?? SEEDS[settings.mode]
  for (let seed = 1; seed <= seeds && performance.now() < deadlineMs; seed++) {
    const seedBeganMs = performance.now()
    const report = runSeed(seed)
    ratios.push(report.virtualMs / (performance.now() - seedBeganMs))
    reports.push(report)
  }
  const cpu = process.cpuUsage(beganCpu)
  const cpuSeconds = (cpu.user + cpu.system) / 1e6
  const found = summarize(reports, ratios, (performance.now() - beganMs) / 1_000, cpuSeconds)
  for (const { seed, failure } of found.notValid)
    settings.progress(`seed ${seed} is not valid: ${failure.split('\n', 1)[0]}`)
  return { benchmark: 'simulator', data: found, text: format(found) }
}

function summarize(
  reports: readonly SeedReport[],
  ratios: readonly number[],
  seconds: number,
  cpuSeconds: number,
): Simulator {
  const sum = (figure: (report: SeedReport) => number): number =>
    reports.reduce((total, report) => total + figure(report), 0)
  const virtualSeconds = sum(({ virtualMs }) => virtualMs) / 1_000
  return {
    nodes: scenarioDefaults.nodeCount,
    operationsPerVirtualSecond: scenarioDefaults.operationsPerSecond,
    seeds: reports.length,
    virtualSeconds,
    seconds,
    cpuSeconds,
    timesRealTime: virtualSeconds / seconds,
    medianTimesRealTime: median(ratios),
    eventsPerSecond: sum(({ events }) => events) / seconds,
    operations: sum(({ operations }) => operations),
    notValid: reports
      .filter(({ verdict }) => verdict !== 'valid')
      .map(({ seed, verdict, failure }) => ({ seed, failure: failure ?? verdict })),
  }
}

const format = (found: Simulator): string =>
  formatTable(
    [
      { title: 'nodes', align: 'right' },
      { title: 'seeds', align: 'right' },
      { title: 'virtual s', align: 'right' },
      { title: 'real s', align: 'right' },
      { title: 'CPU s', align: 'right' },
      { title: '× real time', align: 'right' },
      { title: 'median seed', align: 'right' },
      { title: 'events per second', align: 'right' },
      { title: 'calls per virtual s', align: 'right' },
      { title: 'not valid', align: 'right' },
    ],
    [
      [
        found.nodes,
        found.seeds,
        found.virtualSeconds,
        found.seconds,
        found.cpuSeconds,
        found.timesRealTime,
        found.medianTimesRealTime,
        found.eventsPerSecond,
        found.operations / found.virtualSeconds,
        found.notValid.length,
      ].map(formatNumber),
    ],
  )
