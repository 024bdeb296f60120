import type { Benchmark } from './benchmark.ts'

const LOADERS: ReadonlyMap<string, () => Promise<Benchmark>> = new Map([
  ['speed', async () => (await import('./speed.ts')).speed],
  ['watch', async () => (await import('./watch.ts')).watch],
  ['leases', async () => (await import('./leases.ts')).leases],
  ['failover', async () => (await import('./failover.ts')).failover],
  ['stall', async () => (await import('./stall.ts')).stall],
  ['restart', async () => (await import('./restart.ts')).restart],
  ['simulator', async () => (await import('./simulator.ts')).simulator],
  ['verify', async () => (await import('./verify.ts')).verify],
])

/** In the order in which `all` runs them. */
export const benchmarkNames: readonly string[] = [...LOADERS.keys()]

/** Loads one benchmark, and with it only what that one needs. */
export async function loadBenchmark(name: string): Promise<Benchmark> {
  const load = LOADERS.get(name)
  if (load === undefined) throw new RangeError(`there is no benchmark '${name}'`)
  return load()
}
