import { closeSync, openSync, readSync } from 'node:fs'
import { DureError } from '../../foundation/errors.ts'

/**
 * A file's bytes in order, a chunk at a time, without a promise: for tools that read one file to its end.
 *
 * Each chunk is valid until the next is asked for: they share one buffer. The file is closed when the reader stops.
 */
export function* readChunks(file: string | URL, chunkBytes = 1 << 18): Generator<Uint8Array> {
  const buffer = new Uint8Array(chunkBytes)
  const descriptor = opening(file)
  try {
    for (;;) {
      const length = reading(descriptor, buffer, file)
      if (length === 0) return
      yield buffer.subarray(0, length)
    }
  } finally {
    closeSync(descriptor)
  }
}

function opening(file: string | URL): number {
  try {
    return openSync(file, 'r')
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function reading(descriptor: number, buffer: Uint8Array, file: string | URL): number {
  try {
    return readSync(descriptor, buffer)
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function unreadable(file: string | URL, cause: unknown): DureError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reason = reasons.get(code) ?? (cause instanceof Error ? cause.message : String(cause))
  return new DureError('invalid', `The file ${String(file)} cannot be read: ${reason}.`, { cause })
}

const reasons = new Map([
  ['ENOENT', 'there is none of that name'],
  ['EISDIR', 'it is a directory; name a file in it'],
  ['EACCES', 'its permissions do not allow it'],
])
