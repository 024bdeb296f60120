import { availableContenders } from '../contenders/available.ts'
import type { Contender } from '../contenders/contender.ts'
import type { RateResult } from '../load/load.ts'
import { LoadGenerator } from '../load/load-generator.ts'
import { median } from '../measurement/median.ts'
import { residentBytes } from '../measurement/memory.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { Report, Settings } from './benchmark.ts'

const LENGTHS = {
  full: { rounds: 5, seconds: 5 },
  normal: { rounds: 3, seconds: 3 },
  quick: { rounds: 1, seconds: 2 },
} as const

/** What is put in place once, and then loaded in several ways. */
export interface RateBenchmark {
  readonly name: string
  /** What is counted, in the plural. */
  readonly counted: string
  /** So many things are put in place by `prepare`; their memory is looked at. */
  readonly things: { readonly name: string; readonly count: number }
  readonly prepare: (generator: LoadGenerator) => Promise<void>
  readonly loads: readonly {
    readonly name: string
    readonly run: (generator: LoadGenerator, measureMs: number, seed: number) => Promise<RateResult>
  }[]
}

interface Measured {
  readonly load: string
  readonly contender: string
  readonly result: RateResult
}

/** The contenders in turn, round after round; medians count, so that what slows the machine for a while slows both. */
export async function measureRates(benchmark: RateBenchmark, settings: Settings): Promise<Report> {
  await using cleanup = new AsyncDisposableStack()
  const generators = new Map<Contender, LoadGenerator>()
  const bytesEach = new Map<string, number>()
  const { things } = benchmark
  for (const contender of availableContenders(settings)) {
    cleanup.defer(() => contender.stop())
    await contender.start()
    const generator = cleanup.use(await LoadGenerator.start(contender))
    generators.set(contender, generator)
    const before = residentBytes(contender.pids)
    await benchmark.prepare(generator)
    const after = residentBytes(contender.pids)
    if (before !== undefined && after !== undefined)
      bytesEach.set(contender.name, (after - before) / things.count)
    settings.progress(`${contender.name}: ${formatNumber(things.count)} ${things.name}s are in place`)
  }

  const length = LENGTHS[settings.mode]
  const measureMs = (settings.seconds ?? length.seconds) * 1_000
  const found: Measured[] = []
  for (const load of benchmark.loads) {
    const collected = new Map<string, RateResult[]>()
    for (let round = 1; round <= (settings.rounds ?? length.rounds); round++) {
      for (const [{ name }, generator] of generators) {
        const result = await load.run(generator, measureMs, round)
        settings.progress(
          `${load.name}, round ${round}, ${name}: ${formatNumber(result.perSecond)} ${benchmark.counted}/s, p99 ${formatNumber(result.p99Ms)} ms`,
        )
        collected.set(name, [...(collected.get(name) ?? []), result])
      }
    }
    for (const [contender, results] of collected)
      found.push({ load: load.name, contender, result: medians(results) })
  }
  return {
    benchmark: benchmark.name,
    data: { found, bytesEach: Object.fromEntries(bytesEach) },
    text: format(benchmark, found, bytesEach),
  }
}

function medians(results: readonly RateResult[]): RateResult {
  const of = (figure: (result: RateResult) => number): number => median(results.map(figure))
  const servers = results.map(({ serverCores }) => serverCores).filter((cores) => cores !== undefined)
  return {
    count: of(({ count }) => count),
    perSecond: of(({ perSecond }) => perSecond),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    clientCores: of(({ clientCores }) => clientCores),
    serverCores: servers.length === results.length ? median(servers) : undefined,
  }
}

function format(
  { counted, things, loads }: RateBenchmark,
  found: readonly Measured[],
  bytesEach: ReadonlyMap<string, number>,
): string {
  const table = formatTable(
    [
      { title: 'load', align: 'left' },
      { title: 'store', align: 'left' },
      { title: `${counted}/s`, align: 'right' },
      { title: 'p50 ms', align: 'right' },
      { title: 'p99 ms', align: 'right' },
      { title: 'client cores', align: 'right' },
      { title: 'server cores', align: 'right' },
    ],
    found.map(({ load, contender, result }) => [
      load,
      contender,
      formatNumber(result.perSecond),
      formatNumber(result.p50Ms),
      formatNumber(result.p99Ms),
      result.clientCores.toFixed(2),
      result.serverCores?.toFixed(2) ?? '–',
    ]),
  )
  const ratios = loads.flatMap(({ name }) => {
    const of = (contender: string) =>
      found.find((one) => one.load === name && one.contender === contender)?.result
    const etcd = of('etcd')
    const dure = of('dure')
    if (etcd === undefined || dure === undefined) return []
    const rate = formatNumber(dure.perSecond / etcd.perSecond)
    return [`${name}: Dure/etcd ${rate} × the ${counted}, ${formatNumber(dure.p99Ms / etcd.p99Ms)} × the p99`]
  })
  const memory = [...bytesEach].map(
    ([name, bytes]) => `${name}: ${formatNumber(bytes / 1_024)} KiB of all servers for each ${things.name}`,
  )
  return [table, ...ratios, ...memory].join('\n\n')
}
