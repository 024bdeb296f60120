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

/** What the harness sends to the process of the load generator, one at a time. */
export type Order =
  | { readonly kind: 'connect'; readonly target: Target }
  | { readonly kind: 'run'; readonly load: Load; readonly serverPids: readonly number[] }

export type Answer =
  | { readonly kind: 'connected' }
  | { readonly kind: 'finished'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly message: string }
