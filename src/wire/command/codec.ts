import { assert, unreachable } from '../../foundation/assert.ts'
import { type LeaseId, leaseId, sessionId } from '../../foundation/ids.ts'
import type { Version } from '../../ports/key-value/version.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter, varintSizeBytes } from '../bytes/byte-writer.ts'
import type { Command, CommandOperation, CommitCommand, GrantLeaseCommand } from './command.ts'
import {
  ADVANCE_TIME,
  COMMAND_FORMAT,
  COMMIT,
  DELETE,
  END_LEASE,
  GRANT_LEASE,
  KEEP_LEASES,
  LOG_TIME_BYTES,
  LOG_TIME_OFFSET,
  OPEN_SESSION,
  PUT,
  PUT_WITH_LEASE,
  PUT_WITH_TTL,
} from './format.ts'
import { UnknownCommand } from './unknown-command.ts'

/**
 * The bytes of a command, as they travel and as they stand in the log.
 *
 * ```ts
 * const encoded = encodeCommand({ kind: 'open-session', logTimeMs: 0 })
 * stampLogTime(encoded, logTimeMs)
 * ```
 */
export function encodeCommand(command: Command): Uint8Array {
  const writer = new ByteWriter(sizeBytesMax(command))
  writer.byte(COMMAND_FORMAT)
  switch (command.kind) {
    case 'open-session':
      writer.byte(OPEN_SESSION)
      writer.uint48(command.logTimeMs)
      break
    case 'commit':
      writer.byte(COMMIT)
      writer.uint48(command.logTimeMs)
      writeCommit(writer, command)
      break
    case 'grant-lease':
      writer.byte(GRANT_LEASE)
      writer.uint48(command.logTimeMs)
      writer.varint(command.session)
      writer.varint(command.sequence)
      writer.varint(command.lowWater)
      writer.varint(command.ttlMs)
      break
    case 'keep-leases':
      writer.byte(KEEP_LEASES)
      writer.uint48(command.logTimeMs)
      writer.varint(command.leases.length)
      for (const lease of command.leases) writer.varint(lease)
      break
    case 'end-lease':
      writer.byte(END_LEASE)
      writer.uint48(command.logTimeMs)
      writer.varint(command.lease)
      break
    case 'advance-time':
      writer.byte(ADVANCE_TIME)
      writer.uint48(command.logTimeMs)
      break
    default:
      unreachable(command)
  }
  return writer.take()
}

/**
 * Keys and values are views of `bytes`. Throws `protocol` when they are malformed, `UnknownCommand` of it when a newer version
 * wrote them; limits are not looked at.
 */
export function decodeCommand(bytes: Uint8Array): Command {
  const reader = new ByteReader(bytes, 'command')
  const kind = readCommandKind(reader)
  const logTimeMs = reader.uint48()
  const command = readCommand(reader, kind, logTimeMs)
  reader.expectEnd()
  return command
}

function readCommand(reader: ByteReader, kind: CommandKind, logTimeMs: number): Command {
  switch (kind) {
    case COMMIT:
      return readCommit(reader, logTimeMs)
    case OPEN_SESSION:
      return { kind: 'open-session', logTimeMs }
    case GRANT_LEASE:
      return readGrant(reader, logTimeMs)
    case KEEP_LEASES: {
      const leases: LeaseId[] = []
      for (let left = reader.count(1); left > 0; left--) leases.push(leaseId(reader.varint()))
      return { kind: 'keep-leases', logTimeMs, leases }
    }
    case END_LEASE:
      return { kind: 'end-lease', logTimeMs, lease: leaseId(reader.varint()) }
    case ADVANCE_TIME:
      return { kind: 'advance-time', logTimeMs }
    default:
      return unreachable(kind)
  }
}

type CommandKind =
  | typeof OPEN_SESSION
  | typeof COMMIT
  | typeof GRANT_LEASE
  | typeof KEEP_LEASES
  | typeof END_LEASE
  | typeof ADVANCE_TIME

/** Reads format and kind, and refuses what this version does not know. */
export function readCommandKind(reader: ByteReader): CommandKind {
  const format = reader.byte()
  if (format !== COMMAND_FORMAT) throw new UnknownCommand('format', format, 0)
  const kind = reader.byte()
  if (kind < OPEN_SESSION || kind > ADVANCE_TIME) throw new UnknownCommand('kind', kind, 1)
  return kind as CommandKind
}

function readGrant(reader: ByteReader, logTimeMs: number): GrantLeaseCommand {
  const session = sessionId(reader.varint())
  const sequence = reader.varint()
  const lowWater = reader.varint()
  return { kind: 'grant-lease', logTimeMs, session, sequence, lowWater, ttlMs: reader.varint() }
}

function writeCommit(writer: ByteWriter, command: CommitCommand): void {
  writer.varint(command.session)
  writer.varint(command.sequence)
  writer.varint(command.lowWater)
  writer.text(command.idempotencyKey)
  writer.varint(command.comparisons.length)
  for (const comparison of command.comparisons) {
    writer.bytes(comparison.key)
    writer.varint(comparison.version)
  }
  writer.varint(command.operations.length)
  for (const operation of command.operations) {
    switch (operation.kind) {
      case 'put':
        writePut(writer, operation)
        break
      case 'delete':
        writer.byte(DELETE)
        writer.bytes(operation.key)
        break
      default:
        unreachable(operation)
    }
  }
}

function writePut(writer: ByteWriter, put: Extract<CommandOperation, { kind: 'put' }>): void {
  const { ttlMs, lease } = put
  assert(ttlMs === undefined || lease === undefined, 'a put has a time to live or a lease, not both')
  writer.byte(ttlMs !== undefined ? PUT_WITH_TTL : lease !== undefined ? PUT_WITH_LEASE : PUT)
  writer.bytes(put.key)
  writer.bytes(put.value)
  if (ttlMs !== undefined) writer.varint(ttlMs)
  else if (lease !== undefined) writer.varint(lease)
}

function readCommit(reader: ByteReader, logTimeMs: number): CommitCommand {
  const session = sessionId(reader.varint())
  const sequence = reader.varint()
  const lowWater = reader.varint()
  const idempotencyKey = reader.text()

  const comparisons: { key: Uint8Array; version: Version }[] = []
  for (let left = reader.count(2); left > 0; left--) {
    const key = reader.bytes()
    comparisons.push({ key, version: reader.varint() as Version })
  }

  const operations: CommandOperation[] = []
  for (let left = reader.count(2); left > 0; left--) {
    const kind = reader.byte()
    if (kind === PUT) {
      const key = reader.bytes()
      operations.push({ kind: 'put', key, value: reader.bytes() })
    } else if (kind === DELETE) {
      operations.push({ kind: 'delete', key: reader.bytes() })
    } else if (kind === PUT_WITH_TTL) {
      const key = reader.bytes()
      const value = reader.bytes()
      operations.push({ kind: 'put', key, value, ttlMs: reader.varint() })
    } else if (kind === PUT_WITH_LEASE) {
      const key = reader.bytes()
      const value = reader.bytes()
      operations.push({ kind: 'put', key, value, lease: leaseId(reader.varint()) })
    } else {
      throw new UnknownCommand('operation', kind, reader.offset - 1)
    }
  }
  return { kind: 'commit', logTimeMs, session, sequence, lowWater, idempotencyKey, comparisons, operations }
}

/** Enough for the command, and close: what is not used stays with the encoded command. */
function sizeBytesMax(command: Command): number {
  // `varint` wants eight bytes free before it writes.
  const slackBytes = 8
  let size = LOG_TIME_OFFSET + LOG_TIME_BYTES + slackBytes
  switch (command.kind) {
    case 'open-session':
    case 'advance-time':
      return size
    case 'end-lease':
      return size + varintSizeBytes(command.lease)
    case 'keep-leases':
      size += varintSizeBytes(command.leases.length)
      for (const lease of command.leases) size += varintSizeBytes(lease)
      return size
    case 'grant-lease':
      return size + tokenSizeBytes(command) + varintSizeBytes(command.ttlMs)
    case 'commit':
      return size + commitSizeBytesMax(command)
    default:
      return unreachable(command)
  }
}

function commitSizeBytesMax(command: CommitCommand): number {
  let size = tokenSizeBytes(command) + 2 + 3 * command.idempotencyKey.length + 2 * 2
  for (const comparison of command.comparisons) {
    size += 2 + comparison.key.length + varintSizeBytes(comparison.version)
  }
  for (const operation of command.operations) {
    size += 3 + operation.key.length
    if (operation.kind !== 'put') continue
    size += 4 + operation.value.length
    const attached = operation.ttlMs ?? operation.lease
    if (attached !== undefined) size += varintSizeBytes(attached)
  }
  return size
}

const tokenSizeBytes = (command: CommitCommand | GrantLeaseCommand): number =>
  varintSizeBytes(command.session) + varintSizeBytes(command.sequence) + varintSizeBytes(command.lowWater)
