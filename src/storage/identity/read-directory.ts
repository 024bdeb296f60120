import { unreachable } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import type { Disk } from '../../runtime/disk.ts'
import { decodeIdentity, type Identity } from './identity.ts'
import { IDENTITY_NAME, readIdentity } from './identity-file.ts'

/**
 * Whose directory it is, without claiming it.
 *
 * Errors: `data-directory` when it is nobody's or of a newer version, `corrupt` when its file is damaged, `disk`.
 */
export function readDirectory(
  disk: Disk,
  done: (error: DureError | undefined, identity: Identity | undefined) => void,
): void {
  const refuse = (code: 'data-directory' | 'corrupt' | 'disk', message: string): void =>
    done(new DureError(code, message), undefined)
  disk.list('.', (listError, names) => {
    if (listError !== undefined) return refuse('disk', listError.message)
    readIdentity(disk, names.includes(IDENTITY_NAME), (readError, bytes) => {
      if (readError !== undefined) return refuse('disk', readError.message)
      const found = decodeIdentity(bytes)
      switch (found.kind) {
        case 'valid':
          return done(undefined, found.identity)
        case 'none':
          return refuse('data-directory', 'there is no file "identity": this is no data directory of a node')
        case 'newer':
          return refuse(
            'data-directory',
            `it has format ${found.format}, written by a newer version of Dure: use that`,
          )
        case 'damaged':
          return refuse('corrupt', 'its file "identity" is damaged: restore that file')
        default:
          return unreachable(found)
      }
    })
  })
}
