import { unreachable } from '../../foundation/assert.ts'
import { sessionId } from '../../foundation/ids.ts'
import type { Version } from '../../ports/key-value/version.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter, varintSizeBytes } from '../bytes/byte-writer.ts'
import type { Command, CommandOperation, CommitCommand } from './command.ts'
import {
  COMMAND_FORMAT,
  COMMIT,
  DELETE,
  LOG_TIME_BYTES,
  LOG_TIME_OFFSET,
  OPEN_SESSION,
  PUT,
} from './format.ts'

/**
 * The bytes of a command, as they travel and as they stand in the log.
 *
 * ```ts
 * const encoded = encodeCommand({ kind: 'open-session', logTimeMs: 0 })
 * stampLogTime(encoded, clock.wallMs())
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
    default:
      unreachable(command)
  }
  return writer.take()
}

/** Keys and values are views of `bytes`. Throws `protocol` when they are malformed; limits are not looked at. */
export function decodeCommand(bytes: Uint8Array): Command {
  const reader = new ByteReader(bytes, 'command')
  const kind = readCommandKind(reader)
  const logTimeMs = reader.uint48()
  const command: Command =
    kind === OPEN_SESSION ? { kind: 'open-session', logTimeMs } : readCommit(reader, logTimeMs)
  reader.expectEnd()
  return command
}

/** Reads format and kind, and refuses what this version does not know. */
export function readCommandKind(reader: ByteReader): typeof OPEN_SESSION | typeof COMMIT {
  const format = reader.byte()
  if (format !== COMMAND_FORMAT) reader.fail(`expected format ${COMMAND_FORMAT}, found ${format}`, 1)
  const kind = reader.byte()
  if (kind !== OPEN_SESSION && kind !== COMMIT) reader.fail(`expected a kind of command, found ${kind}`, 1)
  return kind
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
        writer.byte(PUT)
        writer.bytes(operation.key)
        writer.bytes(operation.value)
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
    } else {
      reader.fail(`expected a kind of operation, found ${kind}`, 1)
    }
  }
  return { kind: 'commit', logTimeMs, session, sequence, lowWater, idempotencyKey, comparisons, operations }
}

/** Enough for the command, and close: what is not used stays with the encoded command. */
function sizeBytesMax(command: Command): number {
  // `varint` wants eight bytes free before it writes.
  const slackBytes = 8
  let size = LOG_TIME_OFFSET + LOG_TIME_BYTES + slackBytes
  if (command.kind === 'open-session') return size

  size +=
    varintSizeBytes(command.session) + varintSizeBytes(command.sequence) + varintSizeBytes(command.lowWater)
  size += 2 + 3 * command.idempotencyKey.length + 2 * 2
  for (const comparison of command.comparisons) {
    size += 2 + comparison.key.length + varintSizeBytes(comparison.version)
  }
  for (const operation of command.operations) {
    size += 3 + operation.key.length
    if (operation.kind === 'put') size += 4 + operation.value.length
  }
  return size
}
