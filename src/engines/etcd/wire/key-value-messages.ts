import { FieldReader } from './field-reader.ts'
import { decodeHeader, type Header, noHeader } from './header.ts'
import { MessageWriter } from './message-writer.ts'

/** The bound "to the end" in etcd's ranges. */
export const toTheEnd = Uint8Array.of(0)

/** A stored pair: `KeyValue { key = 1, create_revision = 2, mod_revision = 3, version = 4, value = 5, lease = 6 }`. */
export interface KeyValue {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly modRevision: number
}

export interface RangeRequest {
  readonly key: Uint8Array
  /** Left out: this key alone. */
  readonly rangeEnd?: Uint8Array | undefined
  readonly limit?: number
  /** 0 for the newest. */
  readonly revision?: number
  readonly serializable?: boolean
  readonly keysOnly?: boolean
}

export interface RangeResponse {
  readonly header: Header
  readonly pairs: readonly KeyValue[]
  readonly more: boolean
}

/** One comparison of a transaction; a key that is not there has revision 0 and no value. */
export type Compare =
  | { readonly target: 'mod-revision'; readonly key: Uint8Array; readonly equals: number }
  /** False for a key that is not there. */
  | { readonly target: 'value'; readonly key: Uint8Array; readonly less: Uint8Array }

export type RequestOperation =
  | ({ readonly kind: 'range' } & RangeRequest)
  | {
      readonly kind: 'put'
      readonly key: Uint8Array
      readonly value: Uint8Array
      /** 0 for none. */
      readonly lease: number
      /** Answer with the pair that was there before. */
      readonly previous?: boolean
    }
  | { readonly kind: 'delete'; readonly key: Uint8Array }
  | ({ readonly kind: 'transaction' } & TransactionRequest)

export interface TransactionRequest {
  readonly compares: readonly Compare[]
  readonly success: readonly RequestOperation[]
  readonly failure: readonly RequestOperation[]
}

export type ResponseOperation =
  | ({ readonly kind: 'range' } & RangeResponse)
  | { readonly kind: 'put'; readonly existed: boolean }
  | { readonly kind: 'delete'; readonly deleted: number }
  | ({ readonly kind: 'transaction' } & TransactionResponse)

export interface TransactionResponse {
  readonly header: Header
  readonly succeeded: boolean
  readonly responses: readonly ResponseOperation[]
}

/** `RangeRequest { key = 1, range_end = 2, limit = 3, revision = 4, serializable = 7, keys_only = 8 }`. */
export const encodeRange = (request: RangeRequest): Buffer =>
  writeRange(new MessageWriter(request.key.length), request).finish()

function writeRange(writer: MessageWriter, request: RangeRequest): MessageWriter {
  if (request.keysOnly === true) writer.number(8, 1)
  if (request.serializable === true) writer.number(7, 1)
  if (request.revision) writer.number(4, request.revision)
  if (request.limit) writer.number(3, request.limit)
  if (request.rangeEnd !== undefined) writer.bytes(2, request.rangeEnd)
  return writer.bytes(1, request.key)
}

/** `TxnRequest { compare = 1, success = 2, failure = 3 }`. */
export function encodeTransaction(request: TransactionRequest): Buffer {
  let sizeBytes = 0
  for (const { key } of request.compares) sizeBytes += key.length + 40
  for (const operations of [request.success, request.failure]) {
    for (const operation of operations) {
      if (operation.kind !== 'transaction') sizeBytes += operation.key.length + 32
      if (operation.kind === 'put') sizeBytes += operation.value.length
    }
  }
  const writer = new MessageWriter(sizeBytes)
  writeTransaction(writer, request)
  return writer.finish()
}

function writeTransaction(writer: MessageWriter, request: TransactionRequest): void {
  writeOperations(writer, 3, request.failure)
  writeOperations(writer, 2, request.success)
  for (let i = request.compares.length - 1; i >= 0; i--) {
    const compare = request.compares[i]!
    writer.message(1, () => writeCompare(writer, compare))
  }
}

/** `Compare { result = 1, target = 2, key = 3, mod_revision = 6, value = 7 }`. */
function writeCompare(writer: MessageWriter, compare: Compare): void {
  if (compare.target === 'mod-revision') {
    writer.number(6, compare.equals).bytes(3, compare.key).number(2, 2)
  } else {
    writer.bytes(7, compare.less).bytes(3, compare.key).number(2, 3).number(1, 2)
  }
}

/** `RequestOp { request_range = 1, request_put = 2, request_delete_range = 3, request_txn = 4 }`. */
function writeOperations(
  writer: MessageWriter,
  field: number,
  operations: readonly RequestOperation[],
): void {
  for (let i = operations.length - 1; i >= 0; i--) {
    const operation = operations[i]!
    writer.message(field, () => writeOperation(writer, operation))
  }
}

function writeOperation(writer: MessageWriter, operation: RequestOperation): void {
  switch (operation.kind) {
    case 'range':
      writer.message(1, () => writeRange(writer, operation))
      return
    case 'put':
      // PutRequest { key = 1, value = 2, lease = 3, prev_kv = 4 }
      writer.message(2, () => {
        if (operation.previous === true) writer.number(4, 1)
        if (operation.lease !== 0) writer.number(3, operation.lease)
        writer.bytes(2, operation.value).bytes(1, operation.key)
      })
      return
    case 'delete':
      // DeleteRangeRequest { key = 1, range_end = 2, prev_kv = 3 }
      writer.message(3, () => writer.bytes(1, operation.key))
      return
    case 'transaction':
      writer.message(4, () => writeTransaction(writer, operation))
      return
  }
}

/** `RangeResponse { header = 1, kvs = 2, more = 3, count = 4 }`. */
export function decodeRange(message: Uint8Array): RangeResponse {
  const reader = new FieldReader(message)
  let header = noHeader
  let more = false
  const pairs: KeyValue[] = []
  while (reader.next()) {
    if (reader.field === 1) header = decodeHeader(reader.bytes)
    else if (reader.field === 2) pairs.push(decodeKeyValue(reader.bytes))
    else if (reader.field === 3) more = reader.isTrue
  }
  return { header, pairs, more }
}

const empty = new Uint8Array(0)

/** Key and value are views of the message. */
export function decodeKeyValue(message: Uint8Array): KeyValue {
  const reader = new FieldReader(message)
  let key: Uint8Array = empty
  let value: Uint8Array = empty
  let modRevision = 0
  while (reader.next()) {
    if (reader.field === 1) key = reader.bytes
    else if (reader.field === 3) modRevision = reader.number
    else if (reader.field === 5) value = reader.bytes
  }
  return { key, value, modRevision }
}

/** `TxnResponse { header = 1, succeeded = 2, responses = 3 }`. */
export function decodeTransaction(message: Uint8Array): TransactionResponse {
  const reader = new FieldReader(message)
  let header = noHeader
  let succeeded = false
  const responses: ResponseOperation[] = []
  while (reader.next()) {
    if (reader.field === 1) header = decodeHeader(reader.bytes)
    else if (reader.field === 2) succeeded = reader.isTrue
    else if (reader.field === 3) responses.push(decodeOperation(reader.bytes))
  }
  return { header, succeeded, responses }
}

/** `ResponseOp { response_range = 1, response_put = 2, response_delete_range = 3, response_txn = 4 }`. */
function decodeOperation(message: Uint8Array): ResponseOperation {
  const reader = new FieldReader(message)
  if (!reader.next()) throw new Error('a ResponseOp without a response')
  if (reader.field === 1) return { kind: 'range', ...decodeRange(reader.bytes) }
  if (reader.field === 2) return { kind: 'put', existed: hasField(reader.bytes, 2) }
  if (reader.field === 3) return { kind: 'delete', deleted: numberOf(reader.bytes, 2) }
  if (reader.field === 4) return { kind: 'transaction', ...decodeTransaction(reader.bytes) }
  throw new Error(`a ResponseOp of kind ${reader.field}, which was not asked for`)
}

function hasField(message: Uint8Array, field: number): boolean {
  const reader = new FieldReader(message)
  while (reader.next()) if (reader.field === field) return true
  return false
}

function numberOf(message: Uint8Array, field: number): number {
  const reader = new FieldReader(message)
  while (reader.next()) if (reader.field === field) return reader.number
  return 0
}
