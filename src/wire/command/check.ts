import { unreachable } from '../../foundation/assert.ts'
import {
  checkCommitSize,
  checkCount,
  checkIdempotencyKey,
  checkKeySize,
  checkTtl,
  checkValueSize,
  DistinctKeys,
  refuseArgument,
} from '../../ports/key-value/limits.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { readCommandKind } from './codec.ts'
import type { Command } from './command.ts'
import {
  COMMIT,
  DELETE,
  END_LEASE,
  GRANT_LEASE,
  KEEP_LEASES,
  KEEP_LEASES_MAX,
  PUT,
  PUT_WITH_LEASE,
  PUT_WITH_TTL,
} from './format.ts'
import { UnknownCommand } from './unknown-command.ts'

/** Throws `invalid`, stating the limit, when a command goes beyond what the port accepts. */
export function validateCommand(command: Command): void {
  switch (command.kind) {
    case 'open-session':
    case 'end-lease':
    case 'advance-time':
      return
    case 'grant-lease':
      return checkTtl(command.ttlMs)
    case 'keep-leases':
      return checkLeaseCount(command.leases.length)
    case 'commit': {
      checkIdempotencyKey(command.idempotencyKey)
      checkCount('comparisons', command.comparisons.length)
      checkCount('operations', command.operations.length)
      let commitBytes = 0
      for (const { key } of command.comparisons) {
        checkKeySize(key.length)
        commitBytes += key.length
      }
      const keys = new DistinctKeys()
      for (const operation of command.operations) {
        checkKeySize(operation.key.length)
        commitBytes += operation.key.length
        keys.add(operation.key, 0, operation.key.length)
        if (operation.kind === 'put') {
          checkValueSize(operation.value.length)
          commitBytes += operation.value.length
          if (operation.ttlMs !== undefined) checkTtl(operation.ttlMs)
        }
      }
      checkCommitSize(commitBytes)
      return
    }
    default:
      unreachable(command)
  }
}

/**
 * The same on encoded bytes, and their structure, without building the command: what a leader does before it proposes
 * what came from outside. Throws `protocol` or `invalid`.
 */
export function checkCommand(bytes: Uint8Array): void {
  const reader = new ByteReader(bytes, 'command')
  const kind = readCommandKind(reader)
  reader.uint48()
  if (kind === COMMIT) checkCommit(reader, bytes)
  else if (kind === GRANT_LEASE) checkGrant(reader)
  else if (kind === KEEP_LEASES) checkKeep(reader)
  else if (kind === END_LEASE) reader.varint()
  reader.expectEnd()
}

function checkGrant(reader: ByteReader): void {
  reader.varint()
  reader.varint()
  reader.varint()
  checkTtl(reader.varint())
}

function checkKeep(reader: ByteReader): void {
  const count = reader.count(1)
  checkLeaseCount(count)
  for (let i = 0; i < count; i++) reader.varint()
}

function checkLeaseCount(count: number): void {
  if (count > KEEP_LEASES_MAX) {
    refuseArgument(`${count} leases are to be kept at once`, `at most ${KEEP_LEASES_MAX} are accepted`)
  }
}

function checkCommit(reader: ByteReader, bytes: Uint8Array): void {
  reader.varint()
  reader.varint()
  reader.varint()
  checkIdempotencyKey(reader.text())

  let commitBytes = 0
  const comparisons = reader.count(2)
  checkCount('comparisons', comparisons)
  for (let i = 0; i < comparisons; i++) {
    const keyBytes = reader.skipBytes()
    checkKeySize(keyBytes)
    commitBytes += keyBytes
    reader.varint()
  }

  const operations = reader.count(2)
  checkCount('operations', operations)
  const keys = operations > 1 ? new DistinctKeys() : undefined
  for (let i = 0; i < operations; i++) {
    const kind = reader.byte()
    if (kind < PUT || kind > PUT_WITH_LEASE) throw new UnknownCommand('operation', kind, reader.offset - 1)
    const keyBytes = reader.skipBytes()
    checkKeySize(keyBytes)
    commitBytes += keyBytes
    keys?.add(bytes, reader.offset - keyBytes, reader.offset)
    if (kind !== DELETE) {
      const valueBytes = reader.skipBytes()
      checkValueSize(valueBytes)
      commitBytes += valueBytes
      if (kind === PUT_WITH_TTL) checkTtl(reader.varint())
      else if (kind === PUT_WITH_LEASE) reader.varint()
    }
  }
  checkCommitSize(commitBytes)
}
