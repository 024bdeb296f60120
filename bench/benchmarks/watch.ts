import type { Report, Settings } from './benchmark.ts'
import { measureRates, type RateBenchmark } from './rates.ts'

const WATCHERS = 1_000
const WARM_UP_MS = 2_000
/** Puts that not all watchers have seen yet, at most. */
const UNDER_WAY = 16

/** As fast as it goes, and at a rate that all can follow, where the delay tells something. */
const loads: RateBenchmark['loads'] = [
  { name: 'as fast as they follow', putEveryMs: 0 },
  { name: 'a put every 100 ms', putEveryMs: 100 },
].map(({ name, putEveryMs }) => ({
  name,
  run: (generator, measureMs, seed) =>
    generator.fanOut({
      watchers: WATCHERS,
      underWay: UNDER_WAY,
      putEveryMs,
      warmUpMs: WARM_UP_MS,
      measureMs,
      seed,
    }),
}))

/** A thousand watchers of one prefix in one client, and a writer beside them: every put is handed over a thousand times. */
export const watch = (settings: Settings): Promise<Report> =>
  measureRates(
    {
      name: 'watch',
      counted: 'changes',
      things: { name: 'watcher', count: WATCHERS },
      prepare: (generator) => generator.watch(WATCHERS),
      loads,
    },
    settings,
  )
