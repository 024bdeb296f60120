import { unreachable } from '../../foundation/assert.ts'
import { groupId, logIndex, nodeId } from '../../foundation/ids.ts'
import type { ByteReader } from '../bytes/byte-reader.ts'
import type { ByteWriter } from '../bytes/byte-writer.ts'
import {
  REQUEST_COMMAND,
  REQUEST_CURSOR,
  REQUEST_END_RANGE,
  REQUEST_GET,
  REQUEST_MEMBER,
  REQUEST_RANGE,
  REQUEST_STATUS,
  REQUEST_WATCH,
} from './format.ts'
import type { ChangePlace, Consistency, MemberRequest, Request, RequestParcel } from './parcel.ts'

const STRONG = 1
const HAS_END = 2
/** Never reordered. */
const MEMBER_CHANGES = ['add', 'announce', 'promote', 'remove'] as const

export function writeRequest(writer: ByteWriter, parcel: RequestParcel): void {
  const { request } = parcel
  switch (request.kind) {
    case 'command':
      writeHead(writer, REQUEST_COMMAND, parcel)
      writer.bytes(request.command)
      return
    case 'get':
      writeHead(writer, REQUEST_GET, parcel)
      writer.byte(request.consistency === 'strong' ? STRONG : 0)
      writer.bytes(request.key)
      return
    case 'range':
      writeHead(writer, REQUEST_RANGE, parcel)
      writer.byte((request.consistency === 'strong' ? STRONG : 0) | (request.to === undefined ? 0 : HAS_END))
      writer.bytes(request.from)
      if (request.to !== undefined) writer.bytes(request.to)
      writer.varint(request.limit)
      writer.varint(request.snapshot)
      return
    case 'end-range':
      writeHead(writer, REQUEST_END_RANGE, parcel)
      writer.varint(request.snapshot)
      return
    case 'status':
      writeHead(writer, REQUEST_STATUS, parcel)
      return
    case 'cursor':
      writeHead(writer, REQUEST_CURSOR, parcel)
      return
    case 'watch':
      writeHead(writer, REQUEST_WATCH, parcel)
      writer.bytes(request.from)
      writer.flag(request.to !== undefined)
      if (request.to !== undefined) writer.bytes(request.to)
      writePlace(writer, request.after)
      writer.varint(request.windowBytes)
      return
    case 'member':
      writeHead(writer, REQUEST_MEMBER, parcel)
      writer.byte(MEMBER_CHANGES.indexOf(request.change))
      writer.varint(request.node)
      writer.text(request.peerAddress)
      writer.text(request.httpAddress)
      writer.flag(request.force)
      return
    default:
      unreachable(request)
  }
}

/** Reads what follows the kind. */
export function readRequest(reader: ByteReader, kind: number): RequestParcel {
  const id = reader.varint()
  const group = groupId(reader.varint())
  const timeoutMs = reader.varint()
  const hops = reader.varint()
  return { type: 'request', id, group, timeoutMs, hops, request: readRequestBody(reader, kind) }
}

function readRequestBody(reader: ByteReader, kind: number): Request {
  switch (kind) {
    case REQUEST_COMMAND:
      return { kind: 'command', command: reader.bytes() }
    case REQUEST_GET: {
      const consistency: Consistency = reader.flag() ? 'strong' : 'eventual'
      return { kind: 'get', key: reader.bytes(), consistency }
    }
    case REQUEST_RANGE: {
      const flags = reader.byte()
      if (flags > (STRONG | HAS_END)) reader.fail(`expected two flags, found ${flags}`, 1)
      return {
        kind: 'range',
        from: reader.bytes(),
        to: (flags & HAS_END) !== 0 ? reader.bytes() : undefined,
        limit: reader.varint(),
        consistency: (flags & STRONG) !== 0 ? 'strong' : 'eventual',
        snapshot: reader.varint(),
      }
    }
    case REQUEST_END_RANGE:
      return { kind: 'end-range', snapshot: reader.varint() }
    case REQUEST_STATUS:
      return { kind: 'status' }
    case REQUEST_CURSOR:
      return { kind: 'cursor' }
    case REQUEST_WATCH:
      return {
        kind: 'watch',
        from: reader.bytes(),
        to: reader.flag() ? reader.bytes() : undefined,
        after: readPlace(reader),
        windowBytes: reader.varint(),
      }
    case REQUEST_MEMBER:
      return readMember(reader)
    default:
      return reader.fail(`expected a kind of request, found ${kind}`)
  }
}

function readMember(reader: ByteReader): MemberRequest {
  const number = reader.byte()
  const change = MEMBER_CHANGES[number]
  if (change === undefined) return reader.fail(`expected a change of the membership, found ${number}`, 1)
  return {
    kind: 'member',
    change,
    node: nodeId(reader.varint()),
    peerAddress: reader.text(),
    httpAddress: reader.text(),
    force: reader.flag(),
  }
}

function writeHead(writer: ByteWriter, kind: number, parcel: RequestParcel): void {
  writer.byte(kind)
  writer.varint(parcel.id)
  writer.varint(parcel.group)
  // What is left of a deadline is rarely whole, and may be over: it travels in whole milliseconds.
  writer.varint(Math.max(Math.ceil(parcel.timeoutMs), 0))
  writer.varint(parcel.hops)
}

export function writePlace(writer: ByteWriter, place: ChangePlace): void {
  writer.varint(place.history)
  writer.varint(place.index)
  writer.varint(place.ordinal)
}

export function readPlace(reader: ByteReader): ChangePlace {
  return { history: reader.varint(), index: logIndex(reader.varint()), ordinal: reader.varint() }
}
