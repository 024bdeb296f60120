import { prefixEnd, utf8 } from '../../../foundation/bytes.ts'
import type { KeyRange } from '../../../ports/key-value/key-value-store.ts'
import type { SeededRandom } from '../../../runtime/seeded-random.ts'
import { EXPIRY_PREFIX, type ExpiryPlan } from './expiry-client.ts'
import type { WatcherPlan } from './watching-process.ts'

export interface Churn {
  readonly watchers: readonly WatcherPlan[]
  readonly expiry: ExpiryPlan
}

const WINDOW_BYTES = 1 << 20
const EVERYTHING: KeyRange = { from: utf8('') }

/** Watchers and holders of leases. All are drawn, whatever is switched off. */
export function drawChurn(random: SeededRandom, off: readonly string[]): Churn {
  const watches = random.fork('watches')
  const watchers = Array.from({ length: watches.integer(1, 4) }, () => drawWatcher(watches))
  const expiry = drawExpiry(random.fork('expiry'))
  return {
    watchers: off.includes('watch') ? [] : watchers,
    expiry: off.includes('lease') ? { ...expiry, clientCount: 0 } : expiry,
  }
}

function drawWatcher(random: SeededRandom): WatcherPlan {
  const range = drawRange(random)
  const isSlow = random.next() < 0.3
  const windowBytes = Math.round(64 * 64 ** random.next())
  const takeEveryMs = random.between(10, 600)
  const reopenEveryMs = random.between(1_000, 20_000)
  return {
    range,
    windowBytes: isSlow ? windowBytes : WINDOW_BYTES,
    takeEveryMs: isSlow ? takeEveryMs : 0,
    reopenEveryMs: random.next() < 0.7 ? reopenEveryMs : 0,
    keepsCopy: random.next() < 0.5,
  }
}

function drawRange(random: SeededRandom): KeyRange {
  const dice = random.next()
  const key = `k${String(random.integer(0, 15)).padStart(3, '0')}`
  if (dice < 0.25) return EVERYTHING
  if (dice < 0.6) return prefix(EXPIRY_PREFIX)
  if (dice < 0.8) return prefix(key)
  return { from: utf8(key) }
}

function prefix(text: string): KeyRange {
  const from = utf8(text)
  return { from, to: prefixEnd(from) }
}

function drawExpiry(random: SeededRandom): ExpiryPlan {
  const pauseEveryMs = random.between(4_000, 15_000)
  const crashEveryMs = random.between(5_000, 20_000)
  const clogEveryMs = random.between(3_000, 15_000)
  return {
    clientCount: random.integer(1, 3),
    thinkMs: random.between(50, 400),
    pauseEveryMs: random.next() < 0.7 ? pauseEveryMs : 0,
    crashEveryMs: random.next() < 0.7 ? crashEveryMs : 0,
    clogEveryMs: random.next() < 0.7 ? clogEveryMs : 0,
  }
}
