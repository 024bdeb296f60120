import { groupId } from '../../foundation/ids.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { readChanges } from './change-batch.ts'
import {
  CHANGES,
  MESSAGE_FORMAT,
  REQUEST_COMMAND,
  REQUEST_LAST,
  RESPONSE_COMMAND,
  RESPONSE_CURSOR,
  TIMEOUT_NOW,
  VOTE_REQUEST,
  WATCH,
} from './format.ts'
import type { Parcel } from './parcel.ts'
import { readRaft } from './raft-codec.ts'
import { readRequest } from './request-codec.ts'
import { readResponse } from './response-codec.ts'

/**
 * Hands over the parcels of a message, in order. Their bytes are views of the message, which belongs to the receiver.
 *
 * ```ts
 * network.onMessage((from, message) => readParcels(message, (parcel) => host.receive(from, parcel)))
 * ```
 *
 * Throws `protocol`, naming what was found at which offset; the parcels before that place were handed over.
 */
export function readParcels(message: Uint8Array, handle: (parcel: Parcel) => void): void {
  const reader = new ByteReader(message, 'message')
  const format = reader.byte()
  if (format !== MESSAGE_FORMAT) reader.fail(`expected format ${MESSAGE_FORMAT}, found ${format}`, 1)
  while (!reader.atEnd) handle(readParcel(reader))
}

function readParcel(reader: ByteReader): Parcel {
  const kind = reader.byte()
  if (kind >= VOTE_REQUEST && kind <= TIMEOUT_NOW) {
    const group = groupId(reader.varint())
    return { type: 'raft', group, message: readRaft(reader, kind) }
  }
  if (kind >= REQUEST_COMMAND && kind <= REQUEST_LAST) return readRequest(reader, kind)
  if (kind >= RESPONSE_COMMAND && kind <= RESPONSE_CURSOR) return readResponse(reader, kind)
  if (kind === WATCH) {
    const group = groupId(reader.varint())
    return { type: 'watch', group, id: reader.varint(), allowedBytes: reader.varint() }
  }
  if (kind === CHANGES) return readChanges(reader)
  return reader.fail(`expected a kind of parcel, found ${kind}`, 1)
}
