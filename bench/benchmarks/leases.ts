import { availableContenders } from '../contenders/available.ts'
import type { Contender } from '../contenders/contender.ts'
import type { KeepAliveResult } from '../load/load.ts'
import { LoadGenerator } from '../load/load-generator.ts'
import { median } from '../measurement/median.ts'
import { residentBytes } from '../measurement/memory.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { Report, Settings } from './benchmark.ts'

const LEASES = 10_000
const IN_FLIGHT = [64, 1_000] as const
const WARM_UP_MS = 1_000
const LENGTHS = {
  full: { rounds: 5, seconds: 5 },
  normal: { rounds: 3, seconds: 3 },
  quick: { rounds: 1, seconds: 2 },
} as const

interface Measured {
  readonly inFlight: number
  readonly contender: string
  readonly result: KeepAliveResult
}

/** Ten thousand leases, kept alive one call each, over and over. Dure's are durable, etcd's live in its leader's memory. */
export async function leases(settings: Settings): Promise<Report> {
  await using cleanup = new AsyncDisposableStack()
  const generators = new Map<Contender, LoadGenerator>()
  const memory = new Map<string, number>()
  for (const contender of availableContenders(settings)) {
    cleanup.defer(() => contender.stop())
    await contender.start()
    const generator = cleanup.use(await LoadGenerator.start(contender))
    generators.set(contender, generator)
    const before = residentBytes(contender.pids)
    await generator.grantLeases(LEASES)
    const after = residentBytes(contender.pids)
    if (before !== undefined && after !== undefined) memory.set(contender.name, (after - before) / LEASES)
    settings.progress(`${contender.name}: ${LEASES} leases are granted`)
  }
  const length = LENGTHS[settings.mode]
  const found: Measured[] = []
  for (const inFlight of IN_FLIGHT) {
    const collected = new Map<string, KeepAliveResult[]>()
    for (let round = 0; round < (settings.rounds ?? length.rounds); round++) {
      for (const [contender, generator] of generators) {
        const measureMs = (settings.seconds ?? length.seconds) * 1_000
        const result = await generator.keepAlive({
          leases: LEASES,
          inFlight,
          warmUpMs: WARM_UP_MS,
          measureMs,
        })
        settings.progress(
          `${inFlight} in flight, round ${round + 1}, ${contender.name}: ${formatNumber(result.keepAlivesPerSecond)}/s, p99 ${formatNumber(result.p99Ms)} ms`,
        )
        collected.set(contender.name, [...(collected.get(contender.name) ?? []), result])
      }
    }
    for (const [contender, results] of collected)
      found.push({ inFlight, contender, result: medians(results) })
  }
  return { benchmark: 'leases', data: { found, bytesPerLease: [...memory] }, text: format(found, memory) }
}

function medians(results: readonly KeepAliveResult[]): KeepAliveResult {
  const of = (figure: (result: KeepAliveResult) => number): number => median(results.map(figure))
  const servers = results.map(({ serverCores }) => serverCores).filter((cores) => cores !== undefined)
  return {
    keepAlives: of(({ keepAlives }) => keepAlives),
    keepAlivesPerSecond: of(({ keepAlivesPerSecond }) => keepAlivesPerSecond),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    clientCores: of(({ clientCores }) => clientCores),
    serverCores: servers.length === results.length ? median(servers) : undefined,
  }
}

function format(found: readonly Measured[], memory: ReadonlyMap<string, number>): string {
  const table = formatTable(
    [
      { title: 'in flight', align: 'right' },
      { title: 'store', align: 'left' },
      { title: 'keep-alives/s', align: 'right' },
      { title: 'p50 ms', align: 'right' },
      { title: 'p99 ms', align: 'right' },
      { title: 'client cores', align: 'right' },
      { title: 'server cores', align: 'right' },
    ],
    found.map(({ inFlight, contender, result }) => [
      formatNumber(inFlight),
      contender,
      formatNumber(result.keepAlivesPerSecond),
      formatNumber(result.p50Ms),
      formatNumber(result.p99Ms),
      result.clientCores.toFixed(2),
      result.serverCores?.toFixed(2) ?? '–',
    ]),
  )
  const lines = IN_FLIGHT.flatMap((wanted) => {
    const of = (name: string) =>
      found.find(({ inFlight, contender }) => inFlight === wanted && contender === name)?.result
    const etcd = of('etcd')
    const dure = of('dure')
    if (etcd === undefined || dure === undefined) return []
    const rate = formatNumber(dure.keepAlivesPerSecond / etcd.keepAlivesPerSecond)
    return [
      `${formatNumber(wanted)} in flight: Dure/etcd ${rate} × the keep-alives, ${formatNumber(dure.p99Ms / etcd.p99Ms)} × the p99`,
    ]
  })
  for (const [name, bytes] of memory)
    lines.push(`${name}: ${formatNumber(bytes)} bytes of all servers for each lease`)
  return [table, ...lines].join('\n\n')
}
