import { unreachable } from '../../foundation/assert.ts'
import type { ErrorCode } from '../../foundation/errors.ts'
import type { StoredRow } from '../../ports/key-value/key-value-store.ts'
import type { Version } from '../../ports/key-value/version.ts'
import type { ByteReader } from '../bytes/byte-reader.ts'
import type { ByteWriter } from '../bytes/byte-writer.ts'
import { readCommandResult, writeCommandResult } from '../command/result-codec.ts'
import {
  RESPONSE_ABSENT,
  RESPONSE_COMMAND,
  RESPONSE_CURSOR,
  RESPONSE_DONE,
  RESPONSE_ERROR,
  RESPONSE_JSON,
  RESPONSE_ROWS,
  RESPONSE_VALUE,
} from './format.ts'
import type { Response, ResponseParcel } from './parcel.ts'
import { readPlace, writePlace } from './request-codec.ts'

export function writeResponse(writer: ByteWriter, parcel: ResponseParcel): void {
  const { response } = parcel
  switch (response.status) {
    case 'command':
      writeHead(writer, RESPONSE_COMMAND, parcel)
      writeCommandResult(writer, response.result)
      return
    case 'value':
      writeHead(writer, response.value === undefined ? RESPONSE_ABSENT : RESPONSE_VALUE, parcel)
      writer.varint(response.version)
      if (response.value !== undefined) writer.bytes(response.value)
      return
    case 'rows':
      writeHead(writer, RESPONSE_ROWS, parcel)
      writer.varint(response.rows.length)
      for (const row of response.rows) {
        writer.bytes(row.key)
        writer.varint(row.version)
        writer.bytes(row.value)
      }
      writer.flag(response.next !== undefined)
      if (response.next !== undefined) writer.bytes(response.next)
      writer.varint(response.snapshot)
      return
    case 'cursor':
      writeHead(writer, RESPONSE_CURSOR, parcel)
      writePlace(writer, response.place)
      return
    case 'done':
      writeHead(writer, RESPONSE_DONE, parcel)
      return
    case 'json':
      writeHead(writer, RESPONSE_JSON, parcel)
      writer.text(response.json)
      return
    case 'error':
      writeHead(writer, RESPONSE_ERROR, parcel)
      writer.byte(ERROR_CODE_NUMBERS[response.code])
      writer.byte(
        (response.outcome === 'unknown' ? OUTCOME_UNKNOWN : 0) | (response.retryable ? RETRYABLE : 0),
      )
      writer.varint(Math.max(Math.ceil(response.retryAfterMs), 0))
      writer.text(response.message)
      writer.varint(response.leader)
      writer.text(response.leaderAddress)
      return
    default:
      unreachable(response)
  }
}

/** Reads what follows the kind. */
export function readResponse(reader: ByteReader, kind: number): ResponseParcel {
  const id = reader.varint()
  return { type: 'response', id, response: readResponseBody(reader, kind) }
}

function readResponseBody(reader: ByteReader, kind: number): Response {
  switch (kind) {
    case RESPONSE_COMMAND:
      return { status: 'command', result: readCommandResult(reader) }
    case RESPONSE_VALUE: {
      const version = reader.varint() as Version
      return { status: 'value', value: reader.bytes(), version }
    }
    case RESPONSE_ABSENT:
      return { status: 'value', value: undefined, version: reader.varint() as Version }
    case RESPONSE_ROWS: {
      const rows: StoredRow[] = []
      for (let left = reader.count(3); left > 0; left--) {
        const key = reader.bytes()
        const version = reader.varint() as Version
        rows.push({ key, value: reader.bytes(), version })
      }
      const next = reader.flag() ? reader.bytes() : undefined
      return { status: 'rows', rows, next, snapshot: reader.varint() }
    }
    case RESPONSE_CURSOR:
      return { status: 'cursor', place: readPlace(reader) }
    case RESPONSE_DONE:
      return { status: 'done' }
    case RESPONSE_JSON:
      return { status: 'json', json: reader.text() }
    case RESPONSE_ERROR:
      return readError(reader)
    default:
      return reader.fail(`expected a kind of response, found ${kind}`)
  }
}

const OUTCOME_UNKNOWN = 1
const RETRYABLE = 2

function readError(reader: ByteReader): Response {
  const number = reader.byte()
  const code = ERROR_CODES[number]
  if (code === undefined) return reader.fail(`expected the number of an error code, found ${number}`, 1)
  const flags = reader.byte()
  if (flags > (OUTCOME_UNKNOWN | RETRYABLE)) reader.fail(`expected two flags, found ${flags}`, 1)
  return {
    status: 'error',
    code,
    outcome: (flags & OUTCOME_UNKNOWN) !== 0 ? 'unknown' : 'failed',
    retryable: (flags & RETRYABLE) !== 0,
    retryAfterMs: reader.varint(),
    message: reader.text(),
    leader: reader.varint(),
    leaderAddress: reader.text(),
  }
}

function writeHead(writer: ByteWriter, kind: number, parcel: ResponseParcel): void {
  writer.byte(kind)
  writer.varint(parcel.id)
}

/** Never renumbered: nodes of different versions talk to each other. */
const ERROR_CODE_NUMBERS: Readonly<Record<ErrorCode, number>> = {
  aborted: 1,
  closed: 2,
  'comparison-failed': 3,
  corrupt: 4,
  'data-directory': 5,
  disk: 6,
  forgotten: 7,
  invalid: 8,
  'not-leader': 9,
  overloaded: 10,
  protocol: 11,
  'session-expired': 12,
  'snapshot-expired': 13,
  timeout: 14,
  unavailable: 15,
  unsupported: 16,
  'wrong-cluster': 17,
  compacted: 18,
  'lease-lost': 19,
  removed: 20,
}

const ERROR_CODES: readonly (ErrorCode | undefined)[] = Object.entries(ERROR_CODE_NUMBERS).reduce(
  (codes, [code, number]) => {
    codes[number] = code as ErrorCode
    return codes
  },
  [] as (ErrorCode | undefined)[],
)
