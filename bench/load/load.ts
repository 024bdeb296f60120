import type { Target } from '../contenders/contender.ts'

/** One closed loop: `inFlight` callers, each with one call under way at any time, and an end in count and time. */
export interface Load {
  /** `fill` puts every key once, in order; the others draw keys at random. */
  readonly operation: 'put' | 'get' | 'fill'
  readonly inFlight: number
  /** Not counted: connections, compilers and caches get warm. */
  readonly warmUpMs: number
  readonly measureMs: number
  /** Ends early after this many counted calls. */
  readonly operationsMax: number
  /** Keys are those of `keyOf(0 … keys - 1)`. */
  readonly keys: number
  readonly seed: number
}

/** What came of a load. */
export interface LoadResult {
  /** Calls acknowledged within the measured time. */
  readonly operations: number
  readonly measuredMs: number
  readonly operationsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maximumMs: number
  /** CPU time of the load generator's process and of all servers, per counted call. */
  readonly clientCpuMicrosecondsPerOperation: number
  /** Undefined where the system does not tell. */
  readonly serverCpuMicrosecondsPerOperation: number | undefined
  /** CPU time over elapsed time: 1 is one core. */
  readonly clientCores: number
  readonly serverCores: number | undefined
  /** Calls that ended with an error, in the warm-up too; the loop went on. */
  readonly errors: number
  readonly firstError: string | undefined
}

/** Many watchers of one prefix, and a writer who puts keys below it. */
export interface FanOutLoad {
  readonly watchers: number
  /** Puts that not all watchers have seen yet, at most: so nobody is left behind. */
  readonly underWay: number
  /** Pauses between puts; 0 for as fast as the watchers follow. */
  readonly putEveryMs: number
  readonly warmUpMs: number
  readonly measureMs: number
  readonly seed: number
}

/** What a load of one kind came to. */
export interface RateResult {
  /** What was counted within the measured time: changes that watchers were handed, keep-alives that were answered. */
  readonly count: number
  readonly perSecond: number
  /** From the call of a put to a watcher's being handed its change; from a keep-alive's call to its answer. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly clientCores: number
  readonly serverCores: number | undefined
}

/** Leases that are kept alive over and over, so many calls at a time. */
export interface KeepAliveLoad {
  readonly leases: number
  readonly inFlight: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** What the harness sends to the process of the load generator, one at a time. */
export type Order =
  | { readonly kind: 'connect'; readonly target: Target }
  | { readonly kind: 'run'; readonly load: Load; readonly serverPids: readonly number[] }
  | { readonly kind: 'watch'; readonly watchers: number }
  | { readonly kind: 'fan-out'; readonly load: FanOutLoad; readonly serverPids: readonly number[] }
  | { readonly kind: 'grant-leases'; readonly leases: number }
  | { readonly kind: 'keep-alive'; readonly load: KeepAliveLoad; readonly serverPids: readonly number[] }

export type Answer =
  | { readonly kind: 'connected' }
  | { readonly kind: 'finished'; readonly result: LoadResult }
  | { readonly kind: 'prepared' }
  | { readonly kind: 'measured'; readonly result: RateResult }
  | { readonly kind: 'failed'; readonly message: string }
