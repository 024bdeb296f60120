import { DiskError } from '../disk.ts'

/** Says in our words what the operating system refused, naming the path. */
export function diskError(action: string, path: string, cause: NodeJS.ErrnoException): DiskError {
  const reason = reasonOf(cause.code)
  return new DiskError(reason, path, `cannot ${action} ${path}: ${explanationOf(reason, cause)}`, cause)
}

function reasonOf(code: string | undefined): DiskError['reason'] {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'full'
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return 'read-only'
    case 'ENOENT':
      return 'missing'
    case 'EEXIST':
      return 'exists'
    default:
      return 'failed'
  }
}

function explanationOf(reason: DiskError['reason'], cause: NodeJS.ErrnoException): string {
  switch (reason) {
    case 'full':
      return `no space is left (${cause.code}); free some, then start again`
    case 'read-only':
      return `this process may not write there (${cause.code}); check the mount and the owner of the directory`
    case 'missing':
      return 'there is no such file or directory'
    case 'exists':
      return 'it exists already'
    case 'locked':
    case 'failed':
      return cause.message
  }
}
