import { unreachable } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import type { NodeId } from '../../foundation/ids.ts'
import type { Disk } from '../../runtime/disk.ts'
import { DiskError } from '../../runtime/disk.ts'
import { decodeIdentity, encodeIdentity, type Identity } from './identity.ts'
import { IDENTITY_NAME, readIdentity, writeIdentity } from './identity-file.ts'
import { judgeDirectory } from './judge-directory.ts'
import { UNFINISHED_RESTORE, unfinishedRestore } from './unfinished-restore.ts'

export interface ClaimOptions {
  readonly disk: Disk
  readonly clusterId: string
  readonly nodeId: NodeId
  /** Whether an empty directory may be made into this node's: true once in a node's life. */
  readonly initialize: boolean
}

const LOG = 'log'
const TABLES = 'tables'
/**
 * Locks a node's data directory and makes sure that it is this node's.
 *
 * ```ts
 * claimDirectory({ disk, clusterId, nodeId, initialize: false }, (error) => (error ? refuse(error) : openLog(…)))
 * ```
 */
export function claimDirectory(
  options: ClaimOptions,
  done: (error: DureError | undefined, identity?: Identity) => void,
): void {
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
    readIdentity(disk, names.includes(IDENTITY_NAME), (readError, bytes) => {
      if (readError !== undefined) return failed(readError)
      const found = decodeIdentity(bytes)
      const judged = judgeDirectory({
        expected: { clusterId, nodeId },
        found,
        hasLog: segments.length > 0,
        hasTables: names.includes(TABLES),
        initialize,
      })
      switch (judged.verdict) {
        case 'refuse':
          return done(judged.error)
        case 'use':
          // It may have been read from memory, after a process was killed between renaming it and syncing that.
          return disk.syncDirectory('.', (error) => {
            if (error !== undefined) return failed(error)
            done(undefined, found.kind === 'valid' ? found.identity : undefined)
          })
        case 'upgrade':
          return write(judged.identity)
        case 'create':
          return write({ clusterId, nodeId })
        default:
          return unreachable(judged)
      }
    })
  }

  function write(identity: Identity): void {
    writeIdentity(disk, encodeIdentity(identity), (error) =>
      error === undefined ? done(undefined, identity) : failed(error),
    )
  }
}

function asDureError(error: Error): DureError {
  const isLocked = error instanceof DiskError && error.reason === 'locked'
  return new DureError(
    isLocked ? 'data-directory' : 'disk',
    `cannot use the data directory: ${error.message}`,
    { cause: error },
  )
}
