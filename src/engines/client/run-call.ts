import type { CallOptions } from '../../ports/key-value/key-value-store.ts'
import type { Done } from './call.ts'

/** Makes a promise of a call with callbacks, under the options of the port. */
export type RunCall = <Value>(
  options: CallOptions,
  changes: boolean,
  start: (timeoutMs: number, done: Done<Value>) => void,
) => Promise<Value>
