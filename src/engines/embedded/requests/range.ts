import type { StoredRow } from '../../../ports/key-value/key-value-store.ts'
import type { FrozenTable, Table } from '../../../storage/table/table.ts'
import type { Request, Response } from '../../../wire/parcel/parcel.ts'
import { errorResponse } from '../../client/error-response.ts'
import { space, storedRow, userRowKey } from '../state-machine/row.ts'
import { RANGE_SNAPSHOTS_MAX, type RangeSnapshots } from './range-snapshots.ts'

/** A page ends after this many bytes of rows, whatever its limit. */
const PAGE_BYTES_MAX = 512 << 10
const userSpaceEnd = new Uint8Array([space.user + 1])

/** One page of a range: of the snapshot it names, or of the present state, which is then held for the next pages. */
export function serveRange(
  table: Table,
  held: RangeSnapshots,
  request: Extract<Request, { kind: 'range' }>,
): Response {
  const isFirst = request.snapshot === 0
  const snapshot = isFirst ? undefined : held.find(request.snapshot)
  if (!isFirst && snapshot === undefined) {
    const message =
      'the snapshot that this range was reading is gone (idle for 30 s, or its node changed): start again'
    return errorResponse('snapshot-expired', message)
  }
  const { rows, next } = readPage(snapshot ?? table, request)
  if (next === undefined) {
    if (!isFirst) held.release(request.snapshot)
    return { status: 'rows', rows, next, snapshot: 0 }
  }
  if (!isFirst) return { status: 'rows', rows, next, snapshot: request.snapshot }
  if (held.isFull) {
    const message = `${RANGE_SNAPSHOTS_MAX} ranges are being read in pages on this node already: try again shortly`
    return errorResponse('overloaded', message, { retryable: true, retryAfterMs: 250 })
  }
  return { status: 'rows', rows, next, snapshot: held.hold(table.freeze()) }
}

function readPage(
  source: Table | FrozenTable,
  { from, to, limit }: Extract<Request, { kind: 'range' }>,
): { rows: StoredRow[]; next: Uint8Array | undefined } {
  const rows: StoredRow[] = []
  let sizeBytes = 0
  for (const row of source.scan(userRowKey(from), to === undefined ? userSpaceEnd : userRowKey(to))) {
    const stored = storedRow(row)
    if (rows.length >= limit || sizeBytes >= PAGE_BYTES_MAX) return { rows, next: stored.key }
    rows.push(stored)
    sizeBytes += stored.key.length + stored.value.length
  }
  return { rows, next: undefined }
}
