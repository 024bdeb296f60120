import { compareBytes } from '../../../foundation/bytes.ts'
import type { Row } from '../table.ts'

/** A key as a string of its bytes: strings of bytes compare as the bytes do. */
export const rowName = (key: Uint8Array): string => {
  let name = ''
  for (let i = 0; i < key.length; i++) name += String.fromCharCode(key[i]!)
  return name
}

/** Rows in [from, to), in order. */
export function scanRows(
  rows: ReadonlyMap<string, Row>,
  from: Uint8Array,
  to: Uint8Array | undefined,
): Row[] {
  const found: Row[] = []
  for (const row of rows.values()) {
    if (compareBytes(row.key, from) >= 0 && (to === undefined || compareBytes(row.key, to) < 0))
      found.push(row)
  }
  return found.sort((left, right) => compareBytes(left.key, right.key))
}
