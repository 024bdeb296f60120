import { unreachable } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import type { NodeId } from '../../foundation/ids.ts'
import type { Disk } from '../../runtime/disk.ts'
import { DiskError } from '../../runtime/disk.ts'
import { decodeIdentity, encodeIdentity } from './identity.ts'
import { judgeDirectory } from './judge-directory.ts'
import { UNFINISHED_RESTORE, unfinishedRestore } from './unfinished-restore.ts'

export interface ClaimOptions {
  readonly disk: Disk
  readonly clusterId: string
  readonly nodeId: NodeId
  /** Whether an empty directory may be made into this node's: true once in a node's life. */
  readonly initialize: boolean
}

const NAME = 'identity'
const TEMPORARY = 'identity.new'
const LOG = 'log'
const TABLES = 'tables'
/** More than an identity has: a file that is longer is not one. */
const IDENTITY_BYTES_MAX = 4096

/**
 * Locks a node's data directory and makes sure that it is this node's.
 *
 * ```ts
 * claimDirectory({ disk, clusterId, nodeId, initialize: false }, (error) => (error ? refuse(error) : openLog(…)))
 * ```
 */
export function claimDirectory(options: ClaimOptions, done: (error: DureError | undefined) => void): void {
  const { disk, clusterId, nodeId, initialize } = options
  const failed = (error: Error): void => done(asDureError(error))
  disk.lock((lockError) => {
    if (lockError !== undefined) return failed(lockError)
    disk.list('.', (listError, names) => {
      if (listError !== undefined) return failed(listError)
      disk.list(LOG, (logError, segments) => {
        if (logError !== undefined) return failed(logError)
        judge(names, segments)
      })
    })
  })

  function judge(names: readonly string[], segments: readonly string[]): void {
    if (names.includes(UNFINISHED_RESTORE)) {
      return done(new DureError('data-directory', unfinishedRestore('this data directory')))
    }
    readIdentity(disk, names.includes(NAME), (readError, bytes) => {
      if (readError !== undefined) return failed(readError)
      const judged = judgeDirectory({
        expected: { clusterId, nodeId },
        found: decodeIdentity(bytes),
        hasLog: segments.length > 0,
        hasTables: names.includes(TABLES),
        initialize,
      })
      switch (judged.verdict) {
        case 'refuse':
          return done(judged.error)
        case 'use':
          // It may have been read from memory, after a process was killed between renaming it and syncing that.
          return disk.syncDirectory('.', (error) => (error === undefined ? done(undefined) : failed(error)))
        case 'create':
          return writeIdentity(disk, encodeIdentity({ clusterId, nodeId }), (error) =>
            error === undefined ? done(undefined) : failed(error),
          )
        default:
          return unreachable(judged)
      }
    })
  }
}

function readIdentity(
  disk: Disk,
  exists: boolean,
  done: (error: Error | undefined, bytes: Uint8Array | undefined) => void,
): void {
  if (!exists) return done(undefined, undefined)
  disk.open(NAME, { create: false }, (openError, file) => {
    if (openError !== undefined) return done(openError, undefined)
    file.read(0, IDENTITY_BYTES_MAX, (readError, bytes) => {
      if (readError !== undefined) return done(readError, undefined)
      file.close((error) => done(error, bytes))
    })
  })
}

/** All of it or nothing survives a crash: written aside, synced, renamed, the name synced. */
function writeIdentity(disk: Disk, bytes: Uint8Array, done: (error: Error | undefined) => void): void {
  disk.open(TEMPORARY, { create: true }, (openError, file) => {
    if (openError !== undefined) return done(openError)
    // A longer one may be left from an earlier attempt.
    file.truncate(0, (truncateError) => {
      if (truncateError !== undefined) return done(truncateError)
      file.writeSynced(0, bytes, (writeError) => {
        if (writeError !== undefined) return done(writeError)
        file.close((closeError) => {
          if (closeError !== undefined) return done(closeError)
          disk.rename(TEMPORARY, NAME, (renameError) => {
            if (renameError !== undefined) return done(renameError)
            disk.syncDirectory('.', done)
          })
        })
      })
    })
  })
}

function asDureError(error: Error): DureError {
  const isLocked = error instanceof DiskError && error.reason === 'locked'
  return new DureError(
    isLocked ? 'data-directory' : 'disk',
    `cannot use the data directory: ${error.message}`,
    { cause: error },
  )
}
