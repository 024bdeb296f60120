import { unreachable } from '../../foundation/assert.ts'
import {
  checkCommitSize,
  checkCount,
  checkIdempotencyKey,
  checkKeySize,
  checkValueSize,
  DistinctKeys,
} from '../../ports/key-value/limits.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { readCommandKind } from './codec.ts'
import type { Command } from './command.ts'
import { COMMIT, DELETE, PUT } from './format.ts'

/** Throws `invalid`, stating the limit, when a command goes beyond what the port accepts. */
export function validateCommand(command: Command): void {
  switch (command.kind) {
    case 'open-session':
      return
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
  reader.expectEnd()
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
    if (kind !== PUT && kind !== DELETE) reader.fail(`expected a kind of operation, found ${kind}`, 1)
    const keyBytes = reader.skipBytes()
    checkKeySize(keyBytes)
    commitBytes += keyBytes
    keys?.add(bytes, reader.offset - keyBytes, reader.offset)
    if (kind === PUT) {
      const valueBytes = reader.skipBytes()
      checkValueSize(valueBytes)
      commitBytes += valueBytes
    }
  }
  checkCommitSize(commitBytes)
}
