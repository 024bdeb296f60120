import type { Random } from '../../../runtime/random.ts'
import type { HistoryValue } from '../../verify/history/event.ts'

/** What a process is to call. */
export interface Request {
  readonly f: string
  readonly value: HistoryValue
  /** The object it is about, where a history holds many apart. */
  readonly key?: HistoryValue
}

/**
 * Says what each process does next: the load of a test as a value, put together from small parts.
 *
 * ```ts
 * const load = timeLimit(60_000, stagger(10, mix([reads, writes])))
 * ```
 *
 * A generator remembers where it is, so each run makes its own. It draws from `Asking.random` alone: the same seed, the
 * same load.
 */
export interface Generator {
  next(asking: Asking): Draw
}

/** Who asks, and when. */
export interface Asking {
  /** Place of the asking worker, from 0: unlike the number of its process it never changes. */
  readonly worker: number
  readonly workers: number
  readonly nowMs: number
  /** Calls of all workers that have not returned. */
  readonly open: number
  /** How the last call of this worker ended; undefined before its first one. */
  readonly last?: CallEnd | undefined
  readonly random: Random
}

/** As histories say it. */
export type CallEnd = 'ok' | 'fail' | 'info'

export type Draw =
  | { readonly kind: 'call'; readonly request: Request }
  /** Nothing to do yet: ask again after this long. */
  | { readonly kind: 'wait'; readonly forMs: number }
  /** Nothing to do for this worker, ever again. */
  | { readonly kind: 'done' }

export const done: Draw = { kind: 'done' }
export const wait = (forMs: number): Draw => ({ kind: 'wait', forMs })
export const call = (request: Request): Draw => ({ kind: 'call', request })
