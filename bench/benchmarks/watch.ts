import { availableContenders } from '../contenders/available.ts'
import type { Contender } from '../contenders/contender.ts'
import type { FanOutLoad, FanOutResult } from '../load/load.ts'
import { LoadGenerator } from '../load/load-generator.ts'
import { median } from '../measurement/median.ts'
import { residentBytes } from '../measurement/memory.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { Report, Settings } from './benchmark.ts'

const WATCHERS = 1_000
const WARM_UP_MS = 2_000
const LENGTHS = {
  full: { rounds: 5, seconds: 5 },
  normal: { rounds: 3, seconds: 3 },
  quick: { rounds: 1, seconds: 2 },
} as const
/** Deliveries as fast as they go; and a rate that all can follow, at which the delay tells something. */
const LOADS: readonly { readonly name: string; readonly underWay: number; readonly putEveryMs: number }[] = [
  { name: 'as fast as they follow', underWay: 16, putEveryMs: 0 },
  { name: 'a put every 100 ms', underWay: 16, putEveryMs: 100 },
]

interface Measured {
  readonly load: string
  readonly contender: string
  readonly result: FanOutResult
}

/** A thousand watchers of one prefix in one client, and a writer beside them: every put is handed over a thousand times. */
export async function watch(settings: Settings): Promise<Report> {
  await using cleanup = new AsyncDisposableStack()
  const generators = new Map<Contender, LoadGenerator>()
  const memory = new Map<string, number | undefined>()
  for (const contender of availableContenders(settings)) {
    cleanup.defer(() => contender.stop())
    await contender.start()
    const generator = cleanup.use(await LoadGenerator.start(contender))
    generators.set(contender, generator)
    const before = residentBytes(contender.pids)
    await generator.watch(WATCHERS)
    const after = residentBytes(contender.pids)
    if (before !== undefined && after !== undefined) memory.set(contender.name, (after - before) / WATCHERS)
    settings.progress(`${contender.name}: ${WATCHERS} watchers are in place`)
  }
  const found: Measured[] = []
  for (const load of LOADS) {
    for (const [contender, results] of await rounds(generators, load, settings))
      found.push({ load: load.name, contender, result: medians(results) })
  }
  return { benchmark: 'watch', data: { found, bytesPerWatcher: [...memory] }, text: format(found, memory) }
}

async function rounds(
  generators: ReadonlyMap<Contender, LoadGenerator>,
  load: (typeof LOADS)[number],
  settings: Settings,
): Promise<Map<string, FanOutResult[]>> {
  const length = LENGTHS[settings.mode]
  const collected = new Map<string, FanOutResult[]>()
  for (let round = 0; round < (settings.rounds ?? length.rounds); round++) {
    for (const [contender, generator] of generators) {
      const run: FanOutLoad = {
        watchers: WATCHERS,
        underWay: load.underWay,
        putEveryMs: load.putEveryMs,
        warmUpMs: WARM_UP_MS,
        measureMs: (settings.seconds ?? length.seconds) * 1_000,
        seed: round + 1,
      }
      const result = await generator.fanOut(run)
      settings.progress(
        `${load.name}, round ${round + 1}, ${contender.name}: ${formatNumber(result.eventsPerSecond)} changes/s, p99 ${formatNumber(result.p99Ms)} ms`,
      )
      collected.set(contender.name, [...(collected.get(contender.name) ?? []), result])
    }
  }
  return collected
}

function medians(results: readonly FanOutResult[]): FanOutResult {
  const of = (figure: (result: FanOutResult) => number): number => median(results.map(figure))
  const servers = results.map(({ serverCores }) => serverCores).filter((cores) => cores !== undefined)
  return {
    events: of(({ events }) => events),
    eventsPerSecond: of(({ eventsPerSecond }) => eventsPerSecond),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    clientCores: of(({ clientCores }) => clientCores),
    serverCores: servers.length === results.length ? median(servers) : undefined,
  }
}

function format(found: readonly Measured[], memory: ReadonlyMap<string, number | undefined>): string {
  const table = formatTable(
    [
      { title: 'load', align: 'left' },
      { title: 'store', align: 'left' },
      { title: 'changes/s', align: 'right' },
      { title: 'p50 ms', align: 'right' },
      { title: 'p99 ms', align: 'right' },
      { title: 'client cores', align: 'right' },
      { title: 'server cores', align: 'right' },
    ],
    found.map(({ load, contender, result }) => [
      load,
      contender,
      formatNumber(result.eventsPerSecond),
      formatNumber(result.p50Ms),
      formatNumber(result.p99Ms),
      result.clientCores.toFixed(2),
      result.serverCores?.toFixed(2) ?? '–',
    ]),
  )
  const lines = LOADS.flatMap(({ name }) => {
    const etcd = found.find(({ load, contender }) => load === name && contender === 'etcd')?.result
    const dure = found.find(({ load, contender }) => load === name && contender === 'dure')?.result
    if (etcd === undefined || dure === undefined) return []
    const rate = formatNumber(dure.eventsPerSecond / etcd.eventsPerSecond)
    return [`${name}: Dure/etcd ${rate} × the changes, ${formatNumber(dure.p99Ms / etcd.p99Ms)} × the p99`]
  })
  for (const [name, bytes] of memory) {
    if (bytes !== undefined)
      lines.push(`${name}: ${formatNumber(bytes / 1_024)} KiB of all servers for each watcher`)
  }
  return [table, ...lines].join('\n\n')
}
