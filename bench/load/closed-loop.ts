import { pause } from '../../src/fixture/wait-for.ts'
import type { ContenderClient } from '../contenders/contender.ts'
import { cpuTimeMs } from '../measurement/cpu-time.ts'
import { Histogram } from '../measurement/histogram.ts'
import { Draw, drawValues, keyOf } from './keys.ts'
import type { Load, LoadResult } from './load.ts'

/** As much of a client as this load calls. */
type KeyValueClient = Pick<ContenderClient, 'put' | 'get'>

const VALUES = 1_024
/** After an error a caller waits this long, so that a refused connection is not asked a million times. */
const ERROR_PAUSE_MS = 10

/**
 * Runs a load to its end. Only calls acknowledged in the measured time are counted; they may have begun in the warm-up,
 * just as those under way at the end are left out.
 */
export async function runClosedLoop(
  client: KeyValueClient,
  load: Load,
  serverPids: readonly number[],
): Promise<LoadResult> {
  const loop = new ClosedLoop(client, load, serverPids)
  await Promise.all(Array.from({ length: load.inFlight }, () => loop.call()))
  return loop.result()
}

class ClosedLoop {
  readonly #client: KeyValueClient
  readonly #load: Load
  readonly #serverPids: readonly number[]
  readonly #histogram = new Histogram()
  readonly #keys: readonly Uint8Array[]
  readonly #values: readonly Uint8Array[]
  readonly #draw: Draw
  readonly #measureFromMs: number
  readonly #measureToMs: number
  #next = 0
  #begin: Reading | undefined
  #end: Reading | undefined
  #errors = 0
  #firstError: string | undefined

  constructor(client: KeyValueClient, load: Load, serverPids: readonly number[]) {
    this.#client = client
    this.#load = load
    this.#serverPids = serverPids
    // Random keys are made beforehand; a filling loop names each once and may have millions.
    this.#keys =
      load.operation === 'fill' ? [] : Array.from({ length: load.keys }, (_, number) => keyOf(number))
    this.#values = drawValues(VALUES, load.seed)
    this.#draw = new Draw(load.seed + 1)
    this.#measureFromMs = performance.now() + load.warmUpMs
    this.#measureToMs = this.#measureFromMs + load.measureMs
    if (load.warmUpMs === 0) this.#begin = this.#read(performance.now())
  }

  /** One caller: the next call begins when the one before was acknowledged. */
  async call(): Promise<void> {
    let again: number | undefined
    while (this.#end === undefined) {
      const number = again ?? this.#nextKey()
      if (number >= this.#load.keys) return
      const beganMs = performance.now()
      try {
        await this.#send(number)
        again = undefined
        this.#acknowledged(beganMs, performance.now())
      } catch (error) {
        // A filling loop leaves no gap.
        if (this.#load.operation === 'fill') again = number
        await this.#failed(error)
      }
    }
  }

  result(): LoadResult {
    const end = this.#end ?? this.#read(performance.now())
    const begin = this.#begin ?? end
    const operations = this.#histogram.count
    const measuredMs = end.nowMs - begin.nowMs
    const clientMs = end.clientMs - begin.clientMs
    const serverMs =
      end.serverMs === undefined || begin.serverMs === undefined ? undefined : end.serverMs - begin.serverMs
    const perOperation = (timeMs: number): number => (operations === 0 ? 0 : (timeMs * 1_000) / operations)
    const cores = (timeMs: number): number => (measuredMs === 0 ? 0 : timeMs / measuredMs)
    return {
      operations,
      measuredMs,
      operationsPerSecond: measuredMs === 0 ? 0 : (operations * 1_000) / measuredMs,
      p50Ms: this.#histogram.percentile(50),
      p99Ms: this.#histogram.percentile(99),
      maximumMs: this.#histogram.maximumMs,
      clientCpuMicrosecondsPerOperation: perOperation(clientMs),
      serverCpuMicrosecondsPerOperation: serverMs === undefined ? undefined : perOperation(serverMs),
      clientCores: cores(clientMs),
      serverCores: serverMs === undefined ? undefined : cores(serverMs),
      errors: this.#errors,
      firstError: this.#firstError,
    }
  }

  #nextKey(): number {
    return this.#load.operation === 'fill' ? this.#next++ : this.#draw.below(this.#load.keys)
  }

  #send(number: number): Promise<unknown> {
    const key = this.#keys[number] ?? keyOf(number)
    if (this.#load.operation !== 'get') return this.#client.put(key, this.#values[number % VALUES]!)
    return this.#client.get(key).then((exists) => {
      if (!exists) throw new Error(`key ${number} was written before and a read did not find it`)
    })
  }

  #acknowledged(beganMs: number, nowMs: number): void {
    if (nowMs < this.#measureFromMs || this.#end !== undefined) return
    this.#begin ??= this.#read(nowMs)
    if (nowMs < this.#measureToMs) this.#histogram.record(nowMs - beganMs)
    if (nowMs >= this.#measureToMs || this.#histogram.count >= this.#load.operationsMax)
      this.#end = this.#read(nowMs)
  }

  async #failed(error: unknown): Promise<void> {
    this.#errors++
    this.#firstError ??= error instanceof Error ? error.message : String(error)
    // A loop in which nothing is ever acknowledged ends by time all the same.
    const nowMs = performance.now()
    if (nowMs >= this.#measureToMs) this.#end ??= this.#read(nowMs)
    else await pause(ERROR_PAUSE_MS)
  }

  #read(nowMs: number): Reading {
    const { user, system } = process.cpuUsage()
    return { nowMs, clientMs: (user + system) / 1_000, serverMs: cpuTimeMs(this.#serverPids) }
  }
}

/** Clocks read at one moment. */
interface Reading {
  readonly nowMs: number
  readonly clientMs: number
  readonly serverMs: number | undefined
}
