import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { DiskError } from '../disk.ts'
import { diskError } from './disk-error.ts'

const SQLITE_BUSY = 5
const SQLITE_PERM = 3
const SQLITE_READONLY = 8
const SQLITE_CANTOPEN = 14

/**
 * Holds a directory against every other process until this one ends, however it ends.
 *
 * Node offers no file locks, and a file with a process id in it is wrong as soon as the id is used again or the other
 * process lives in another container. SQLite, which Node carries, takes real advisory locks (`fcntl`): the kernel
 * drops them when the process dies, they hold between containers that share a volume, and there is nothing stale to
 * detect. So the lock is an open exclusive transaction on an empty file, never written to.
 */
export class DirectoryLock {
  #database: DatabaseSync | undefined

  /** Throws a `DiskError`, reason `locked`, when another process holds the directory. */
  async acquire(directory: string): Promise<void> {
    if (this.#database !== undefined) return
    try {
      mkdirSync(directory, { recursive: true })
    } catch (error) {
      throw diskError('create the data directory', directory, error as NodeJS.ErrnoException)
    }
    const path = join(directory, 'lock')
    const { DatabaseSync } = await loadSqlite(path)
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(path)
      database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    } catch (error) {
      database?.close()
      throw lockError(directory, error as Error & { errcode?: number })
    }
    this.#database = database
  }

  release(): void {
    this.#database?.close()
    this.#database = undefined
  }
}

async function loadSqlite(path: string): Promise<typeof import('node:sqlite')> {
  const { emitWarning } = process
  try {
    // Some versions of Node warn that its SQLite is experimental. Only its locks are used, and they are not.
    process.emitWarning = ((...args: Parameters<typeof emitWarning>) => {
      if (!String(args[0]).startsWith('SQLite is an experimental')) emitWarning.apply(process, args)
    }) as typeof emitWarning
    return await import('node:sqlite')
  } catch (cause) {
    throw new DiskError(
      'failed',
      path,
      `cannot lock ${path}: this Node (${process.version}) comes without node:sqlite; use Node 22.13 or newer`,
      cause,
    )
  } finally {
    process.emitWarning = emitWarning
  }
}

function lockError(directory: string, cause: Error & { errcode?: number }): DiskError {
  switch (cause.errcode) {
    case SQLITE_BUSY:
      return new DiskError(
        'locked',
        directory,
        `cannot lock ${directory}: another process is using this data directory; stop it or choose another one`,
        cause,
      )
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return new DiskError(
        'read-only',
        directory,
        `cannot lock ${directory}: this process may not write there; check the mount and the owner of the directory`,
        cause,
      )
    default:
      return new DiskError('failed', directory, `cannot lock ${directory}: ${cause.message}`, cause)
  }
}
