import { parentPort, workerData } from 'node:worker_threads'
import { type Database, openDatabase } from './environment.ts'
import { withPrefix } from './key.ts'
import { unpack } from './overlay/packed-rows.ts'
import { CHECKSUM_BYTES, rowChecksum } from './stored-row.ts'
import type { WriterRequest, WriterResponse, WriterStart } from './writer-protocol.ts'

/**
 * The thread that writes: LMDB's commits take long and wait for the disk, so they happen off the event loop. It ends by
 * `close`, never by force: a thread that dies inside a transaction would leave LMDB's lock held.
 */
const port = parentPort!
const { directory } = workerData as WriterStart
const database = openDatabase(directory)

port.on('message', (request: WriterRequest) => {
  switch (request.type) {
    case 'commit':
      return answer(request.id, () => {
        commit(database, request)
        return 0
      })
    case 'remove-range':
      return answer(request.id, () => removeRange(database, request.from, request.to, request.rowsMax))
    case 'close':
      void database.close().then(() => port.close())
      return
  }
})

function answer(id: number, work: () => number): void {
  let response: WriterResponse
  try {
    response = { id, removed: work(), error: undefined }
  } catch (thrown) {
    const error = thrown as { message: string; code?: unknown }
    response = { id, removed: 0, error: { message: error.message, code: error.code } }
  }
  port.postMessage(response)
}

function commit(
  database: Database,
  { prefix, rows, metaKey, meta }: Extract<WriterRequest, { type: 'commit' }>,
): void {
  database.transactionSync(() => {
    for (const packed of rows) {
      unpack(packed, (key, value) => write(database, withPrefix(prefix, key), value))
    }
    database.putSync(metaKey, meta)
  })
}

function write(database: Database, key: Uint8Array, value: Uint8Array | undefined): void {
  if (value === undefined) {
    database.removeSync(key)
    return
  }
  const stored = new Uint8Array(CHECKSUM_BYTES + value.length)
  stored.set(value, CHECKSUM_BYTES)
  new DataView(stored.buffer).setUint32(0, rowChecksum(key, stored.subarray(CHECKSUM_BYTES)))
  database.putSync(key, stored)
}

function removeRange(database: Database, from: Uint8Array, to: Uint8Array, rowsMax: number): number {
  return database.transactionSync(() => {
    const keys = [...database.getKeys({ start: from, end: to, limit: rowsMax })]
    for (const key of keys) database.removeSync(key)
    return keys.length
  })
}
