import { assert } from '../../foundation/assert.ts'
import { getUint48 } from '../bytes/byte-reader.ts'
import { putUint48 } from '../bytes/byte-writer.ts'
import { LOG_TIME_BYTES, LOG_TIME_OFFSET } from './format.ts'

const LOG_TIME_MAX = 2 ** 48 - 1

/**
 * Writes the leader's log clock into an encoded command, in place, before it is proposed. Fractions are dropped; a
 * negative time counts as 0.
 */
export function stampLogTime(encoded: Uint8Array, logTimeMs: number): void {
  putUint48(encoded, LOG_TIME_OFFSET, Math.min(Math.max(Math.floor(logTimeMs), 0), LOG_TIME_MAX))
}

export function readLogTime(encoded: Uint8Array): number {
  assert(encoded.length >= LOG_TIME_OFFSET + LOG_TIME_BYTES, 'an encoded command holds a log time')
  return getUint48(encoded, LOG_TIME_OFFSET)
}
