import type { Report, Settings } from './benchmark.ts'
import { measureRates } from './rates.ts'

const LEASES = 10_000
const WARM_UP_MS = 1_000

/** Ten thousand leases, kept alive one call each, over and over. Dure's are durable, etcd's live in its leader's memory. */
export const leases = (settings: Settings): Promise<Report> =>
  measureRates(
    {
      name: 'leases',
      counted: 'keep-alives',
      things: { name: 'lease', count: LEASES },
      prepare: (generator) => generator.grantLeases(LEASES),
      loads: [64, 1_000].map((inFlight) => ({
        name: `${inFlight} in flight`,
        run: (generator, measureMs) =>
          generator.keepAlive({ leases: LEASES, inFlight, warmUpMs: WARM_UP_MS, measureMs }),
      })),
    },
    settings,
  )
