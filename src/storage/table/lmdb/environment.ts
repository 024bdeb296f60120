import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { open, type RootDatabase } from 'lmdb'
import { text, utf8 } from '../../../foundation/bytes.ts'
import { DureError } from '../../../foundation/errors.ts'
import { REPLACE_NODE } from '../../identity/replace-node.ts'
import { FORMAT_KEY } from './key.ts'

export type Database = RootDatabase<Uint8Array, Uint8Array>

/**
 * Address space, not disk: the file is as large as its rows need. LMDB maps more when this is used up, which it can do
 * only between transactions of all threads; so it is large from the start.
 */
const MAP_BYTES = 256 * 2 ** 30

const FORMAT = 1

/**
 * A commit returns after its sync (`overlappingSync: false`): what it answers is durable. Rows are bytes that we check
 * ourselves; a cache of decoded values would only cost memory.
 */
export function openDatabase(directory: string): Database {
  return open<Uint8Array, Uint8Array>({
    path: directory,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
    cache: false,
    overlappingSync: false,
    mapSize: MAP_BYTES,
    maxReaders: 1_024,
  })
}

/** Opens what is there or makes it, and sees that it is ours to read. Throws a `DureError`. */
export function openEnvironment(directory: string): Database {
  let database: Database | undefined
  try {
    mkdirSync(directory, { recursive: true })
    database = openDatabase(directory)
    const found = database.get(FORMAT_KEY)
    if (found === undefined) database.putSync(FORMAT_KEY, utf8(String(FORMAT)))
    else checkFormat(directory, text(found))
    // LMDB syncs its files, not their names.
    syncName(directory)
    syncName(dirname(directory))
    return database
  } catch (error) {
    void database?.close()
    throw error instanceof DureError ? error : tableError(directory, error as Error)
  }
}

function checkFormat(directory: string, found: string): void {
  if (found === String(FORMAT)) return
  throw new DureError(
    'data-directory',
    `the tables in ${directory} have format ${found}, but this version of Dure reads ${FORMAT}: start the version that wrote them, or a later one`,
  )
}

/** By name from Node, by number from LMDB: no space, file too large, over quota. */
const fullCodes: readonly unknown[] = ['ENOSPC', 'EFBIG', 'EDQUOT', 28, 27, 122]

/** What LMDB or the operating system said, in our words. */
export function tableError(
  directory: string,
  cause: { readonly message: string; readonly code?: unknown },
): DureError {
  const { message } = cause
  if (message.includes('MDB_MAP_FULL')) {
    return new DureError(
      'disk',
      `the tables in ${directory} need more address space than this process may have: raise its limit (${message})`,
      { cause },
    )
  }
  if (/MDB_(INVALID|CORRUPTED|PAGE_NOTFOUND|PANIC|VERSION_MISMATCH)/.test(message)) {
    return new DureError(
      'corrupt',
      `the tables in ${directory} are damaged (${message}): stop this node, and ${REPLACE_NODE}`,
      { cause },
    )
  }
  if (
    /ENOSPC|EFBIG|EDQUOT|No space left|File too large|quota/i.test(message) ||
    fullCodes.includes(cause.code)
  ) {
    return new DureError(
      'disk',
      `cannot write the tables in ${directory}: no space is left; free some, then start again`,
      { cause },
    )
  }
  // LMDB says so too when the operating system took only a part of what it wrote, as at the end of a disk.
  if (/EIO|Input\/output error/i.test(message)) {
    return new DureError(
      'disk',
      `cannot write the tables in ${directory}: the disk failed or is full (${message}); check its space and its health, then start again`,
      { cause },
    )
  }
  if (/EROFS|EACCES|EPERM|Read-only|Permission denied/i.test(message)) {
    return new DureError(
      'disk',
      `cannot write the tables in ${directory}: this process may not write there; check the mount and the owner (${message})`,
      { cause },
    )
  }
  return new DureError('disk', `cannot use the tables in ${directory}: ${message}`, { cause })
}

function syncName(directory: string): void {
  // Windows has no such call; its file system journals names by itself.
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
