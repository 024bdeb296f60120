import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { DureError } from '../../foundation/errors.ts'
import type { BackupHeader, BackupTrailer } from '../../storage/snapshot/backup-format.ts'
import { BackupReader } from '../../storage/snapshot/backup-reader.ts'
import type { Row } from '../../storage/table/table.ts'

/** What is in a backup that was read to its end. */
export interface BackupSummary {
  readonly header: BackupHeader
  readonly trailer: BackupTrailer
  readonly sizeBytes: number
}

const READ_BYTES = 1 << 20

/**
 * The rows of a backup in a file, chunk by chunk; what a chunk holds was checked before it is given out, and the whole when
 * the last was. Errors: those of `BackupReader`; `invalid` when there is no such file.
 */
export async function* readBackup(
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Row[], BackupSummary, undefined> {
  const reader = new BackupReader(path, createHash('sha256'))
  let sizeBytes = 0
  const options = { highWaterMark: READ_BYTES, ...(signal !== undefined && { signal }) }
  const bytesRead = createReadStream(path, options)[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  for (;;) {
    const { value: bytes, done } = await bytesRead.next().catch((cause: NodeJS.ErrnoException) => {
      throw signal?.aborted ? signal.reason : unreadable(path, cause)
    })
    if (done) return { ...reader.end(), sizeBytes }
    sizeBytes += bytes.length
    yield* reader.push(bytes)
  }
}

/** Reads all of it. Nothing is known about a backup before that. */
export async function verifyBackup(path: string, signal?: AbortSignal): Promise<BackupSummary> {
  const chunks = readBackup(path, signal)
  for (;;) {
    const { value, done } = await chunks.next()
    if (done) return value
  }
}

function unreadable(path: string, cause: NodeJS.ErrnoException): DureError {
  switch (cause.code) {
    case 'ENOENT':
      return new DureError('invalid', `there is no file ${path}: name one that dure backup wrote`, { cause })
    case 'EISDIR':
      return new DureError('invalid', `${path} is a directory: name a file that dure backup wrote`, { cause })
    default:
      return new DureError('disk', `${path} cannot be read: ${cause.message}`, { cause })
  }
}
