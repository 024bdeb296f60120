import { text, utf8 } from '../../../foundation/bytes.ts'
import { type LogIndex, logIndex, type Term, term } from '../../../foundation/ids.ts'
import type { Entry } from '../entry.ts'
import type { Membership } from '../membership.ts'

/** A state machine whose state is a digest of everything that was applied: equal states mean equal histories. */
export interface TestTable {
  readonly index: LogIndex
  readonly term: Term
  readonly membership: Membership
  readonly digest: number
}

export const emptyTable = (membership: Membership): TestTable => ({
  index: logIndex(0),
  term: term(0),
  membership,
  digest: 0,
})

export function applyEntry(table: TestTable, entry: Entry, membership: Membership): TestTable {
  let digest = Math.imul(table.digest ^ entry.index, 0x01000193) ^ entry.term
  for (const byte of entry.data) digest = Math.imul(digest ^ byte, 0x01000193)
  return { index: entry.index, term: entry.term, membership, digest }
}

/** A snapshot in three chunks. */
export const SNAPSHOT_CHUNKS = 3

export function snapshotChunk(table: TestTable, chunk: number): Uint8Array {
  const bytes = utf8(JSON.stringify(table))
  const size = Math.ceil(bytes.length / SNAPSHOT_CHUNKS)
  return bytes.subarray(chunk * size, (chunk + 1) * size)
}

export const tableFromChunks = (chunks: readonly Uint8Array[]): TestTable =>
  JSON.parse(text(Buffer.concat(chunks))) as TestTable
