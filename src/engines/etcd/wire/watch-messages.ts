import { FieldReader } from './field-reader.ts'
import { decodeHeader, type Header, noHeader } from './header.ts'
import { decodeKeyValue, type KeyValue } from './key-value-messages.ts'
import { MessageWriter } from './message-writer.ts'

export interface WatchEvent {
  readonly isDelete: boolean
  readonly pair: KeyValue
}

export interface WatchResponse {
  readonly header: Header
  readonly created: boolean
  readonly canceled: boolean
  /** Not 0: what was asked for was compacted; this is the oldest revision that is kept. */
  readonly compactRevision: number
  readonly cancelReason: string
  /** More events of the same revision may follow in the next response. */
  readonly fragment: boolean
  readonly events: readonly WatchEvent[]
}

/**
 * `WatchRequest { create_request = 1 }` with `WatchCreateRequest { key = 1, range_end = 2, start_revision = 3,
 * progress_notify = 4, fragment = 8 }`.
 */
export const encodeWatchCreate = (key: Uint8Array, rangeEnd: Uint8Array, startRevision: number): Buffer =>
  new MessageWriter(key.length + rangeEnd.length)
    .message(1, (writer) =>
      writer.number(8, 1).number(4, 1).number(3, startRevision).bytes(2, rangeEnd).bytes(1, key),
    )
    .finish()

/** `WatchRequest { progress_request = 3 }`. */
export const encodeWatchProgress = (): Buffer => new MessageWriter(0).message(3, () => {}).finish()

/**
 * `WatchResponse { header = 1, created = 3, canceled = 4, compact_revision = 5, cancel_reason = 6, fragment = 7,
 * events = 11 }` with `Event { type = 1, kv = 2 }`.
 */
export function decodeWatch(message: Uint8Array): WatchResponse {
  const reader = new FieldReader(message)
  let header = noHeader
  let created = false
  let canceled = false
  let compactRevision = 0
  let cancelReason = ''
  let fragment = false
  const events: WatchEvent[] = []
  while (reader.next()) {
    if (reader.field === 1) header = decodeHeader(reader.bytes)
    else if (reader.field === 3) created = reader.isTrue
    else if (reader.field === 4) canceled = reader.isTrue
    else if (reader.field === 5) compactRevision = reader.number
    else if (reader.field === 6) cancelReason = reader.text
    else if (reader.field === 7) fragment = reader.isTrue
    else if (reader.field === 11) events.push(decodeEvent(reader.bytes))
  }
  return { header, created, canceled, compactRevision, cancelReason, fragment, events }
}

function decodeEvent(message: Uint8Array): WatchEvent {
  const reader = new FieldReader(message)
  let isDelete = false
  let pair: KeyValue | undefined
  while (reader.next()) {
    if (reader.field === 1) isDelete = reader.number === 1
    else if (reader.field === 2) pair = decodeKeyValue(reader.bytes)
  }
  if (pair === undefined) throw new Error('an Event without a key')
  return { isDelete, pair }
}
