import { prefixEnd } from '../../foundation/bytes.ts'
import type { KeyRange } from './key-value-store.ts'

/**
 * All keys that begin with `prefix`; an empty prefix means every key.
 *
 * ```ts
 * for await (const row of store.range(prefixRange(utf8('city:')))) console.log(row.version)
 * ```
 */
export function prefixRange(prefix: Uint8Array): KeyRange {
  return { from: prefix, to: prefixEnd(prefix) }
}
