import { availableContenders } from '../contenders/available.ts'
import type { Contender } from '../contenders/contender.ts'
import type { Load, LoadResult } from '../load/load.ts'
import { LoadGenerator } from '../load/load-generator.ts'
import { median } from '../measurement/median.ts'
import { type Comparison, formatComparison } from '../report/comparison.ts'
import { formatNumber } from '../report/table.ts'
import type { Report, Settings } from './benchmark.ts'

const KEYS = 100_000
const FILL_IN_FLIGHT = 256
const FILL_TIMEOUT_MS = 120_000
/** Before each round. */
const WARM_UP_MS = 1_000
/** Once, before the first: a program that is compiled while it runs needs some seconds of that. */
const FIRST_WARM_UP_MS = 10_000
const OPERATIONS_MAX = 2_000_000
const LENGTHS = {
  full: { rounds: 5, seconds: 5 },
  normal: { rounds: 3, seconds: 3 },
  quick: { rounds: 1, seconds: 1 },
} as const

/**
 * Writes and linearizable reads against etcd and Dure, both running, loaded in turn: etcd, dure, etcd, dure … for each
 * number of calls in flight. What slows the machine down for a while then slows both; medians over the rounds count.
 */
export async function speed(settings: Settings): Promise<Report> {
  const contenders = availableContenders(settings)
  await using cleanup = new AsyncDisposableStack()
  const generators = new Map<Contender, LoadGenerator>()
  for (const contender of contenders) {
    cleanup.defer(() => contender.stop())
    await contender.start()
    const generator = cleanup.use(await LoadGenerator.start(contender))
    generators.set(contender, generator)
    await fill(contender, generator, settings)
    if (settings.mode !== 'quick') await warmUp(generator)
  }

  const comparisons: Comparison[] = []
  for (const operation of settings.operations) {
    for (const inFlight of settings.inFlight) {
      const results = await rounds(generators, operation, inFlight, settings)
      comparisons.push({ operation, inFlight, results })
    }
  }
  return { benchmark: 'speed', data: comparisons, text: formatComparison(comparisons) }
}

/** Reads find what was written: every key exists before the first round. */
async function fill(contender: Contender, generator: LoadGenerator, settings: Settings): Promise<void> {
  const load: Load = {
    operation: 'fill',
    inFlight: FILL_IN_FLIGHT,
    warmUpMs: 0,
    measureMs: FILL_TIMEOUT_MS,
    operationsMax: KEYS,
    keys: KEYS,
    seed: 1,
  }
  const { operations, measuredMs, firstError } = await generator.run(load)
  if (operations < KEYS) {
    throw new Error(
      `${contender.name} took ${operations} of ${KEYS} keys in ${measuredMs} ms; first error: ${firstError}`,
    )
  }
  settings.progress(`${contender.name}: ${KEYS} keys in ${formatNumber(measuredMs / 1_000)} s`)
}

async function warmUp(generator: LoadGenerator): Promise<void> {
  await generator.run({
    operation: 'put',
    inFlight: 1,
    warmUpMs: 0,
    measureMs: FIRST_WARM_UP_MS,
    operationsMax: OPERATIONS_MAX,
    keys: KEYS,
    seed: 0,
  })
}

async function rounds(
  generators: ReadonlyMap<Contender, LoadGenerator>,
  operation: 'put' | 'get',
  inFlight: number,
  settings: Settings,
): Promise<Comparison['results']> {
  const length = LENGTHS[settings.mode]
  const count = settings.rounds ?? length.rounds
  const collected = new Map<string, LoadResult[]>()
  for (let round = 0; round < count; round++) {
    for (const [contender, generator] of generators) {
      const result = await generator.run({
        operation,
        inFlight,
        warmUpMs: WARM_UP_MS,
        measureMs: (settings.seconds ?? length.seconds) * 1_000,
        operationsMax: OPERATIONS_MAX,
        keys: KEYS,
        seed: round + 1,
      })
      settings.progress(describeRound(contender.name, operation, inFlight, round, result))
      collected.set(contender.name, [...(collected.get(contender.name) ?? []), result])
    }
  }
  return Object.fromEntries([...collected].map(([name, results]) => [name, medians(results)]))
}

function describeRound(
  name: string,
  operation: string,
  inFlight: number,
  round: number,
  result: LoadResult,
): string {
  const errors = result.errors === 0 ? '' : `, ${result.errors} errors, the first: ${result.firstError}`
  return `${operation} × ${inFlight}, round ${round + 1}, ${name}: ${formatNumber(result.operationsPerSecond)}/s, p99 ${formatNumber(result.p99Ms)} ms${errors}`
}

/** Each figure's median over the rounds; errors are added up, so that none hides behind a median. */
function medians(results: readonly LoadResult[]): LoadResult {
  const of = (figure: (result: LoadResult) => number): number => median(results.map(figure))
  const ofKnown = (figure: (result: LoadResult) => number | undefined): number | undefined => {
    const known = results.map(figure).filter((value) => value !== undefined)
    return known.length === results.length ? median(known) : undefined
  }
  return {
    operations: of((result) => result.operations),
    measuredMs: of((result) => result.measuredMs),
    operationsPerSecond: of((result) => result.operationsPerSecond),
    p50Ms: of((result) => result.p50Ms),
    p99Ms: of((result) => result.p99Ms),
    maximumMs: of((result) => result.maximumMs),
    clientCpuMicrosecondsPerOperation: of((result) => result.clientCpuMicrosecondsPerOperation),
    serverCpuMicrosecondsPerOperation: ofKnown((result) => result.serverCpuMicrosecondsPerOperation),
    clientCores: of((result) => result.clientCores),
    serverCores: ofKnown((result) => result.serverCores),
    errors: results.reduce((sum, result) => sum + result.errors, 0),
    firstError: results.find((result) => result.firstError !== undefined)?.firstError,
  }
}
