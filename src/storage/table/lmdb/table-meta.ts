import { text, utf8 } from '../../../foundation/bytes.ts'
import { checksum } from '../../../foundation/checksum.ts'
import { DureError } from '../../../foundation/errors.ts'
import { REPLACE_NODE } from '../../identity/replace-node.ts'
import type { TablePosition } from '../table.ts'

/** What LMDB knows of one table besides its rows; written in the same transaction as they are. */
export interface TableMeta {
  readonly position: TablePosition
  /** The rows that count. */
  readonly generation: number
  /** Never used yet. */
  readonly nextGeneration: number
  /** Rows to remove: of tables that a snapshot replaced, and of snapshots that never came to an end. */
  readonly garbage: readonly number[]
}

export function encodeMeta(meta: TableMeta): Uint8Array {
  const json = JSON.stringify(meta)
  return utf8(`${checksum(utf8(json)).toString(16).padStart(8, '0')}${json}`)
}

export function decodeMeta(bytes: Uint8Array): TableMeta {
  const found = text(bytes.subarray(0, 8))
  const json = bytes.subarray(8)
  if (found !== checksum(json).toString(16).padStart(8, '0')) {
    throw new DureError(
      'corrupt',
      `the place where a table stands does not match its checksum: the table must be built again from its peers. Stop this node, and ${REPLACE_NODE}`,
    )
  }
  return JSON.parse(text(json)) as TableMeta
}
