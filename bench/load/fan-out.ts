import { pause } from '../../src/fixture/wait-for.ts'
import { utf8 } from '../../src/foundation/bytes.ts'
import type { ContenderClient } from '../contenders/contender.ts'
import { Histogram } from '../measurement/histogram.ts'
import { drawValues } from './keys.ts'
import type { FanOutLoad, RateResult } from './load.ts'
import { ProcessorTime } from './processor-time.ts'

const PREFIX = utf8('watched/')
const KEYS = 1_000
/** Then the watchers have lost something, or the store is gone. */
const SILENCE_MS_MAX = 15_000

/**
 * Watchers in place, and loads that they follow. The time of a put travels in its value, so the delay of each change is
 * measured by one clock.
 */
export class FanOut {
  readonly #client: ContenderClient
  readonly #watchers: number
  #onChange: (value: Uint8Array) => void = () => {}

  private constructor(client: ContenderClient, watchers: number) {
    this.#client = client
    this.#watchers = watchers
  }

  static async start(client: ContenderClient, watchers: number): Promise<FanOut> {
    const fanOut = new FanOut(client, watchers)
    await client.watch(PREFIX, watchers, (value) => fanOut.#onChange(value))
    return fanOut
  }

  async run(load: FanOutLoad, serverPids: readonly number[]): Promise<RateResult> {
    const delays = new Histogram()
    const measureFromMs = performance.now() + load.warmUpMs
    const measureToMs = measureFromMs + load.measureMs
    let processors: ProcessorTime | undefined
    let seen = 0
    let put = 0
    let goOn: (() => void) | undefined
    this.#onChange = (value) => {
      const nowMs = performance.now()
      if (nowMs >= measureFromMs && nowMs < measureToMs) {
        delays.record(nowMs - new DataView(value.buffer, value.byteOffset).getFloat64(0))
      }
      seen++
      goOn?.()
    }
    /** Until at most so many changes are still to come. */
    const caughtUp = async (left: number): Promise<void> => {
      while (put * this.#watchers - seen > left) {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        const silence = setTimeout(
          () => reject(new Error(`${put} puts, and watchers saw ${seen} changes: nothing comes any more`)),
          SILENCE_MS_MAX,
        )
        goOn = resolve
        await promise.finally(() => clearTimeout(silence))
        goOn = undefined
      }
    }
    const values = drawValues(64, load.seed)
    const puts = new Set<Promise<unknown>>()
    let refused: unknown
    for (let nowMs = performance.now(); nowMs < measureToMs; nowMs = performance.now()) {
      if (nowMs >= measureFromMs) processors ??= new ProcessorTime(serverPids)
      const value = values[put % values.length]!.slice()
      new DataView(value.buffer).setFloat64(0, nowMs)
      const acknowledged = this.#client
        .put(utf8(`watched/${put % KEYS}`), value)
        .catch((error: unknown) => (refused = error))
        .finally(() => puts.delete(acknowledged))
      puts.add(acknowledged)
      put++
      if (load.putEveryMs > 0) await pause(load.putEveryMs)
      await caughtUp((load.underWay - 1) * this.#watchers)
      if (refused !== undefined) throw refused
    }
    const elapsedMs = processors!.elapsedMs
    const cores = processors!.cores()
    await Promise.all(puts)
    await caughtUp(0)
    this.#onChange = () => {}
    return {
      count: delays.count,
      perSecond: (delays.count * 1_000) / elapsedMs,
      p50Ms: delays.percentile(50),
      p99Ms: delays.percentile(99),
      ...cores,
    }
  }
}
