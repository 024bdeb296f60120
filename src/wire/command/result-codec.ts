import { unreachable } from '../../foundation/assert.ts'
import { leaseId, sessionId } from '../../foundation/ids.ts'
import type { FencingToken } from '../../ports/key-value/lease.ts'
import type { Version } from '../../ports/key-value/version.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import type { CommandResult } from './command.ts'

/** The format of a stored result; inside a parcel the format of the message stands for it. */
const RESULT_FORMAT = 1

const SESSION_OPENED = 1
const COMMITTED = 2
const COMPARISON_FAILED = 3
const SESSION_EXPIRED = 4
const TOKEN_REUSED = 5
const OVERLOADED = 6
const INVALID = 7
const LEASE_GRANTED = 8
const LEASES_KEPT = 9
const LEASE_ENDED = 10
const LEASE_GONE = 11
const TIME_ADVANCED = 12
const LEASE_FULL = 13
const TOO_MANY_LEASES = 14

/** The bytes of a result, as they stand in the state of a session. */
export function encodeCommandResult(result: CommandResult): Uint8Array {
  const writer = new ByteWriter(32)
  writer.byte(RESULT_FORMAT)
  writeCommandResult(writer, result)
  return writer.take()
}

/** Throws `protocol` when the bytes are malformed. */
export function decodeCommandResult(bytes: Uint8Array): CommandResult {
  const reader = new ByteReader(bytes, 'command result')
  const format = reader.byte()
  if (format !== RESULT_FORMAT) reader.fail(`expected format ${RESULT_FORMAT}, found ${format}`, 1)
  const result = readCommandResult(reader)
  reader.expectEnd()
  return result
}

export function writeCommandResult(writer: ByteWriter, result: CommandResult): void {
  switch (result.kind) {
    case 'session-opened':
      writer.byte(SESSION_OPENED)
      writer.varint(result.session)
      return
    case 'committed':
      writer.byte(COMMITTED)
      writer.varint(result.version)
      writeFlags(writer, result.existed)
      return
    case 'comparison-failed':
      writer.byte(COMPARISON_FAILED)
      writer.varint(result.found.length)
      for (const version of result.found) writer.varint(version)
      return
    case 'session-expired':
      writer.byte(SESSION_EXPIRED)
      return
    case 'token-reused':
      writer.byte(TOKEN_REUSED)
      return
    case 'overloaded':
      writer.byte(OVERLOADED)
      return
    case 'invalid':
      writer.byte(INVALID)
      writer.text(result.message)
      return
    case 'lease-granted':
      writer.byte(LEASE_GRANTED)
      writer.varint(result.lease)
      writer.varint(result.token)
      return
    case 'leases-kept':
      writer.byte(LEASES_KEPT)
      writeFlags(writer, result.kept)
      return
    case 'lease-ended':
      writer.byte(LEASE_ENDED)
      writer.flag(result.existed)
      return
    case 'lease-gone':
      writer.byte(LEASE_GONE)
      writer.varint(result.lease)
      return
    case 'lease-full':
      writer.byte(LEASE_FULL)
      writer.varint(result.lease)
      return
    case 'too-many-leases':
      writer.byte(TOO_MANY_LEASES)
      return
    case 'time-advanced':
      writer.byte(TIME_ADVANCED)
      return
    default:
      unreachable(result)
  }
}

export function readCommandResult(reader: ByteReader): CommandResult {
  const kind = reader.byte()
  switch (kind) {
    case SESSION_OPENED:
      return { kind: 'session-opened', session: sessionId(reader.varint()) }
    case COMMITTED: {
      const version = reader.varint() as Version
      return { kind: 'committed', version, existed: readFlags(reader) }
    }
    case COMPARISON_FAILED: {
      const found: Version[] = []
      for (let left = reader.count(1); left > 0; left--) found.push(reader.varint() as Version)
      return { kind: 'comparison-failed', found }
    }
    case SESSION_EXPIRED:
      return { kind: 'session-expired' }
    case TOKEN_REUSED:
      return { kind: 'token-reused' }
    case OVERLOADED:
      return { kind: 'overloaded' }
    case INVALID:
      return { kind: 'invalid', message: reader.text() }
    case LEASE_GRANTED: {
      const lease = leaseId(reader.varint())
      return { kind: 'lease-granted', lease, token: reader.varint() as FencingToken }
    }
    case LEASES_KEPT:
      return { kind: 'leases-kept', kept: readFlags(reader) }
    case LEASE_ENDED:
      return { kind: 'lease-ended', existed: reader.flag() }
    case LEASE_GONE:
      return { kind: 'lease-gone', lease: leaseId(reader.varint()) }
    case LEASE_FULL:
      return { kind: 'lease-full', lease: leaseId(reader.varint()) }
    case TOO_MANY_LEASES:
      return { kind: 'too-many-leases' }
    case TIME_ADVANCED:
      return { kind: 'time-advanced' }
    default:
      return reader.fail(`expected a kind of command result, found ${kind}`, 1)
  }
}

/** A count, then eight flags a byte, lowest bit first. */
function writeFlags(writer: ByteWriter, flags: readonly boolean[]): void {
  writer.varint(flags.length)
  for (let i = 0; i < flags.length; i += 8) {
    let byte = 0
    for (let bit = 0; bit < 8 && i + bit < flags.length; bit++) if (flags[i + bit]) byte |= 1 << bit
    writer.byte(byte)
  }
}

function readFlags(reader: ByteReader): boolean[] {
  const count = reader.count(1 / 8)
  const flags: boolean[] = []
  while (flags.length < count) {
    const byte = reader.byte()
    const bits = Math.min(8, count - flags.length)
    if (byte >> bits !== 0) reader.fail(`expected ${bits} flags, found ${byte}`, 1)
    for (let bit = 0; bit < bits; bit++) flags.push((byte & (1 << bit)) !== 0)
  }
  return flags
}
