import { unreachable } from '../../foundation/assert.ts'
import { type LogIndex, logIndex, type NodeId, nodeId, type Term, term } from '../../foundation/ids.ts'
import type { Entry, EntryKind } from '../../protocols/raft/entry.ts'
import type { Membership } from '../../protocols/raft/membership.ts'
import type { Message } from '../../protocols/raft/message.ts'
import type { ByteReader } from '../bytes/byte-reader.ts'
import type { ByteWriter } from '../bytes/byte-writer.ts'
import {
  APPEND_REQUEST,
  APPEND_RESPONSE,
  HEARTBEAT,
  HEARTBEAT_RESPONSE,
  SNAPSHOT_CHUNK,
  SNAPSHOT_RESPONSE,
  TIMEOUT_NOW,
  VOTE_REQUEST,
  VOTE_RESPONSE,
} from './format.ts'

/** Writes kind, group, envelope and what the message carries. */
export function writeRaft(writer: ByteWriter, group: number, message: Message): void {
  switch (message.type) {
    case 'vote-request':
      writeEnvelope(writer, VOTE_REQUEST, group, message)
      writer.byte((message.preVote ? 1 : 0) | (message.transfer ? 2 : 0))
      writer.varint(message.lastLogIndex)
      writer.varint(message.lastLogTerm)
      return
    case 'vote-response':
      writeEnvelope(writer, VOTE_RESPONSE, group, message)
      writer.byte((message.preVote ? 1 : 0) | (message.granted ? 2 : 0))
      writer.varint(message.commitIndex)
      writer.varint(message.commitTerm)
      return
    case 'append-request':
      writeEnvelope(writer, APPEND_REQUEST, group, message)
      writer.varint(message.previousLogIndex)
      writer.varint(message.previousLogTerm)
      writer.varint(message.commitIndex)
      writeEntries(writer, message.entries, message.previousLogIndex, message.previousLogTerm)
      return
    case 'append-response':
      writeEnvelope(writer, APPEND_RESPONSE, group, message)
      writer.flag(message.accepted)
      writer.varint(message.matchIndex)
      writer.varint(message.hintIndex)
      writer.varint(message.hintTerm)
      return
    case 'heartbeat':
      writeEnvelope(writer, HEARTBEAT, group, message)
      writer.varint(message.commitIndex)
      writer.varint(message.readContext)
      return
    case 'heartbeat-response':
      writeEnvelope(writer, HEARTBEAT_RESPONSE, group, message)
      writer.varint(message.readContext)
      return
    case 'snapshot-chunk':
      writeEnvelope(writer, SNAPSHOT_CHUNK, group, message)
      writer.varint(message.meta.index)
      writer.varint(message.meta.term)
      writeMembership(writer, message.meta.membership)
      writer.varint(message.chunk)
      writer.flag(message.last)
      writer.bytes(message.bytes)
      return
    case 'snapshot-response':
      writeEnvelope(writer, SNAPSHOT_RESPONSE, group, message)
      writer.varint(message.index)
      writer.varint(message.nextChunk)
      writer.flag(message.installed)
      return
    case 'timeout-now':
      writeEnvelope(writer, TIMEOUT_NOW, group, message)
      return
    default:
      unreachable(message)
  }
}

/** Reads what follows kind and group. */
export function readRaft(reader: ByteReader, kind: number): Message {
  const from = nodeId(reader.varint())
  const to = nodeId(reader.varint())
  const messageTerm = term(reader.varint())
  switch (kind) {
    case VOTE_REQUEST: {
      const flags = readFlags(reader)
      return {
        type: 'vote-request',
        from,
        to,
        term: messageTerm,
        preVote: (flags & 1) !== 0,
        lastLogIndex: readIndex(reader),
        lastLogTerm: readTerm(reader),
        transfer: (flags & 2) !== 0,
      }
    }
    case VOTE_RESPONSE: {
      const flags = readFlags(reader)
      return {
        type: 'vote-response',
        from,
        to,
        term: messageTerm,
        preVote: (flags & 1) !== 0,
        granted: (flags & 2) !== 0,
        commitIndex: readIndex(reader),
        commitTerm: readTerm(reader),
      }
    }
    case APPEND_REQUEST: {
      const previousLogIndex = readIndex(reader)
      const previousLogTerm = readTerm(reader)
      return {
        type: 'append-request',
        from,
        to,
        term: messageTerm,
        previousLogIndex,
        previousLogTerm,
        commitIndex: readIndex(reader),
        entries: readEntries(reader, previousLogIndex, previousLogTerm),
      }
    }
    case APPEND_RESPONSE:
      return {
        type: 'append-response',
        from,
        to,
        term: messageTerm,
        accepted: reader.flag(),
        matchIndex: readIndex(reader),
        hintIndex: readIndex(reader),
        hintTerm: readTerm(reader),
      }
    case HEARTBEAT:
      return {
        type: 'heartbeat',
        from,
        to,
        term: messageTerm,
        commitIndex: readIndex(reader),
        readContext: reader.varint(),
      }
    case HEARTBEAT_RESPONSE:
      return { type: 'heartbeat-response', from, to, term: messageTerm, readContext: reader.varint() }
    case SNAPSHOT_CHUNK:
      return {
        type: 'snapshot-chunk',
        from,
        to,
        term: messageTerm,
        meta: { index: readIndex(reader), term: readTerm(reader), membership: readMembership(reader) },
        chunk: reader.varint(),
        last: reader.flag(),
        bytes: reader.bytes(),
      }
    case SNAPSHOT_RESPONSE:
      return {
        type: 'snapshot-response',
        from,
        to,
        term: messageTerm,
        index: readIndex(reader),
        nextChunk: reader.varint(),
        installed: reader.flag(),
      }
    case TIMEOUT_NOW:
      return { type: 'timeout-now', from, to, term: messageTerm }
    default:
      return reader.fail(`expected a kind of Raft message, found ${kind}`)
  }
}

function writeEnvelope(writer: ByteWriter, kind: number, group: number, message: Message): void {
  writer.byte(kind)
  writer.varint(group)
  writer.varint(message.from)
  writer.varint(message.to)
  writer.varint(message.term)
}

const readIndex = (reader: ByteReader): LogIndex => logIndex(reader.varint())
const readTerm = (reader: ByteReader): Term => term(reader.varint())

function readFlags(reader: ByteReader): number {
  const flags = reader.byte()
  if (flags > 3) reader.fail(`expected two flags, found ${flags}`, 1)
  return flags
}

/**
 * One byte says the kind of an entry, and whether its index or term is not what the entry before lets expect (the next
 * index, the same term): only then they follow.
 */
const KIND_MASK = 3
const OTHER_INDEX = 4
const OTHER_TERM = 8
const ENTRY_FLAGS_MAX = 15
const ENTRY_KINDS: readonly EntryKind[] = ['command', 'membership', 'no-op']

function writeEntries(
  writer: ByteWriter,
  entries: readonly Entry[],
  previousIndex: number,
  previousTerm: number,
): void {
  writer.varint(entries.length)
  for (const entry of entries) {
    let flags = entryKindNumber(entry.kind)
    if (entry.index !== previousIndex + 1) flags |= OTHER_INDEX
    if (entry.term !== previousTerm) flags |= OTHER_TERM
    writer.byte(flags)
    if ((flags & OTHER_INDEX) !== 0) writer.varint(entry.index)
    if ((flags & OTHER_TERM) !== 0) writer.varint(entry.term)
    writer.bytes(entry.data)
    previousIndex = entry.index
    previousTerm = entry.term
  }
}

function readEntries(reader: ByteReader, index: LogIndex, entryTerm: Term): Entry[] {
  const entries: Entry[] = []
  for (let left = reader.count(2); left > 0; left--) {
    const flags = reader.byte()
    const kind = ENTRY_KINDS[flags & KIND_MASK]
    if (flags > ENTRY_FLAGS_MAX || kind === undefined) {
      return reader.fail(`expected the kind of an entry, found ${flags}`, 1)
    }
    index = (flags & OTHER_INDEX) !== 0 ? readIndex(reader) : logIndex(index + 1)
    if (index > Number.MAX_SAFE_INTEGER) reader.fail('expected an index up to 2^53 - 1, found the one after')
    if ((flags & OTHER_TERM) !== 0) entryTerm = readTerm(reader)
    entries.push({ index, term: entryTerm, kind, data: reader.bytes() })
  }
  return entries
}

function entryKindNumber(kind: EntryKind): number {
  switch (kind) {
    case 'command':
      return 0
    case 'membership':
      return 1
    case 'no-op':
      return 2
    default:
      return unreachable(kind)
  }
}

function writeMembership(writer: ByteWriter, membership: Membership): void {
  writer.flag(membership.autoLeave)
  writeNodes(writer, membership.voters)
  writeNodes(writer, membership.votersOutgoing)
  writeNodes(writer, membership.learners)
  writeNodes(writer, membership.learnersNext)
}

function readMembership(reader: ByteReader): Membership {
  const autoLeave = reader.flag()
  return {
    voters: readNodes(reader),
    votersOutgoing: readNodes(reader),
    learners: readNodes(reader),
    learnersNext: readNodes(reader),
    autoLeave,
  }
}

function writeNodes(writer: ByteWriter, nodes: readonly NodeId[]): void {
  writer.varint(nodes.length)
  for (const node of nodes) writer.varint(node)
}

function readNodes(reader: ByteReader): NodeId[] {
  const nodes: NodeId[] = []
  for (let left = reader.count(1); left > 0; left--) nodes.push(nodeId(reader.varint()))
  return nodes
}
