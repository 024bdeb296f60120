import type { Disk } from '../../runtime/disk.ts'

export const IDENTITY_NAME = 'identity'
const TEMPORARY = 'identity.new'
/** More than an identity has: a file that is longer is not one. */
const IDENTITY_BYTES_MAX = 4096

/** Undefined when it is not there. */
export function readIdentity(
  disk: Disk,
  exists: boolean,
  done: (error: Error | undefined, bytes: Uint8Array | undefined) => void,
): void {
  if (!exists) return done(undefined, undefined)
  disk.open(IDENTITY_NAME, { create: false }, (openError, file) => {
    if (openError !== undefined) return done(openError, undefined)
    file.read(0, IDENTITY_BYTES_MAX, (readError, bytes) => {
      if (readError !== undefined) return done(readError, undefined)
      file.close((error) => done(error, bytes))
    })
  })
}

/** All of it or nothing survives a crash: written aside, synced, renamed, the name synced. */
export function writeIdentity(disk: Disk, bytes: Uint8Array, done: (error: Error | undefined) => void): void {
  disk.open(TEMPORARY, { create: true }, (openError, file) => {
    if (openError !== undefined) return done(openError)
    // A longer one may be left from an earlier attempt.
    file.truncate(0, (truncateError) => {
      if (truncateError !== undefined) return done(truncateError)
      file.writeSynced(0, bytes, (writeError) => {
        if (writeError !== undefined) return done(writeError)
        file.close((closeError) => {
          if (closeError !== undefined) return done(closeError)
          disk.rename(TEMPORARY, IDENTITY_NAME, (renameError) => {
            if (renameError !== undefined) return done(renameError)
            disk.syncDirectory('.', done)
          })
        })
      })
    })
  })
}
