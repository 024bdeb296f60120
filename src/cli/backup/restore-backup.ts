import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs'
import { cp } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { restoredPosition, seedLog, seedTables } from '../../engines/embedded/backup/seed-directory.ts'
import { embeddedClusterId } from '../../engines/embedded/open-directory.ts'
import { DureError } from '../../foundation/errors.ts'
import { type NodeId, nodeId } from '../../foundation/ids.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import { UNFINISHED_RESTORE, unfinishedRestore } from '../../storage/identity/unfinished-restore.ts'
import type { BackupHeader } from '../../storage/snapshot/backup-format.ts'
import { openLmdbTables } from '../../storage/table/lmdb/lmdb-table-store.ts'
import type { Row, TablePosition } from '../../storage/table/table.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { newClusterId, writeClusterFile } from '../cluster/cluster-file.ts'
import { layoutOf } from '../cluster/layout.ts'
import { type BackupSummary, readBackup, verifyBackup } from './read-backup.ts'

export interface RestoreOptions {
  readonly file: string
  /** Empty, or not there yet. */
  readonly into: string
  /** `embedded` for what `open({ directory })` opens; else a cluster of so many nodes, for `dure up --directory`. */
  readonly shape: 'embedded' | { readonly nodes: number; readonly basePort: number | undefined }
  readonly signal: AbortSignal
  readonly onVerified: (found: BackupSummary) => void
  /** The disk failed or is full in the middle: what was made is gone again, and the process must end. */
  readonly onDiskFailure: (error: Error) => void
}

export interface Restored extends BackupSummary {
  readonly clusterId: string
  readonly position: TablePosition
}

/**
 * Makes the data directory of a new cluster out of a backup, all of which is checked before anything is written. The new
 * cluster has an id of its own: nodes, clients and cursors of the old one are refused.
 *
 * 1. `unfinished-restore` is made in the directory; while it is there nobody starts on it.
 * 2. The tables are made in there, then each node's log and identity.
 * 3. The nodes are moved to their places, then `cluster.json` is written, then `unfinished-restore` removed.
 *
 * Errors: those of a backup; `invalid` when the directory is not empty, `data-directory` when an earlier restore left it
 * half done, `disk`, `aborted`. Nothing is left behind then; a crash leaves what every later start refuses by name.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { file, into, shape, signal } = options
  requireEmpty(into)
  const found = await verifyBackup(file, signal)
  options.onVerified(found)
  const isNew = !existsSync(into)
  try {
    return { ...found, ...(await restore(options, found.header)) }
  } catch (error) {
    cleanUp(into, isNew)
    throw error
  }

  function restore(
    given: RestoreOptions,
    header: BackupHeader,
  ): Promise<Pick<Restored, 'clusterId' | 'position'>> {
    // What the table's thread finds out has no caller: the process ends, and leaves nothing.
    const abort = (error: Error): void => {
      cleanUp(into, isNew)
      given.onDiskFailure(error)
    }
    return shape === 'embedded'
      ? restoreEmbedded(given, header, abort)
      : restoreCluster(given, shape, header, abort)
  }
}

async function restoreCluster(
  { file, into, signal }: RestoreOptions,
  { nodes, basePort }: { readonly nodes: number; readonly basePort: number | undefined },
  header: BackupHeader,
  abort: (error: Error) => void,
): Promise<Pick<Restored, 'clusterId' | 'position'>> {
  const clusterId = newClusterId()
  const ids = Array.from({ length: nodes }, (_, i) => nodeId(i + 1))
  const position = restoredPosition(header, ids)
  const staging = makeStaging(into)
  await makeTables(join(staging, 'tables'), position, readBackup(file, signal), abort)
  for (const id of ids) {
    signal.throwIfAborted()
    await makeNode(join(staging, `node-${id}`), { clusterId, id, position })
    // Tables do not say whose they are: one is made, the others are copies of it.
    await copyTables(join(staging, 'tables'), join(staging, `node-${id}`, 'tables'))
  }
  rmSync(join(staging, 'tables'), { recursive: true })
  for (const id of ids) move(join(staging, `node-${id}`), into)
  syncName(into)
  writeClusterFile(into, { format: 1, clusterId, ...layoutOf(nodes, basePort), initialized: ids })
  finish(staging, into)
  return { clusterId, position }
}

async function restoreEmbedded(
  { file, into, signal }: RestoreOptions,
  header: BackupHeader,
  abort: (error: Error) => void,
): Promise<Pick<Restored, 'clusterId' | 'position'>> {
  const id = nodeId(1)
  const clusterId = embeddedClusterId(newClusterId())
  const position = restoredPosition(header, [id])
  const staging = makeStaging(into)
  await makeNode(join(staging, 'node'), { clusterId, id, position })
  await makeTables(join(staging, 'node', 'tables'), position, readBackup(file, signal), abort)
  for (const name of ['log', 'tables', 'identity']) move(join(staging, 'node', name), into)
  rmSync(join(staging, 'node'), { recursive: true })
  finish(staging, into)
  return { clusterId, position }
}

async function makeNode(
  directory: string,
  { clusterId, id, position }: { clusterId: string; id: NodeId; position: TablePosition },
): Promise<void> {
  const network = { framing: tcpFraming, clusterId, nodeId: id }
  const runtime = await createNodeRuntime({ directory, network })
  try {
    await seedLog(runtime, { clusterId, nodeId: id, position })
  } finally {
    await runtime.close()
  }
}

function makeTables(
  directory: string,
  position: TablePosition,
  chunks: AsyncIterable<readonly Row[]>,
  abort: (error: Error) => void,
): Promise<void> {
  return seedTables((done) => openLmdbTables({ directory, abort }, done), position, chunks)
}

async function copyTables(from: string, to: string): Promise<void> {
  // Where the file system can, a copy costs nothing until it changes. LMDB's lock file belongs to those that have it open.
  await cp(from, to, {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (path) => basename(path) !== 'lock.mdb',
  })
  for (const name of readdirSync(to)) syncName(join(to, name))
  syncName(to)
  syncName(dirname(to))
}

function requireEmpty(into: string): void {
  let names: string[]
  try {
    names = readdirSync(into)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    const found = code === 'ENOTDIR' ? 'is a file' : `cannot be read (${message})`
    throw new DureError('invalid', `${into} ${found}: name a directory that is empty or not there yet`, {
      cause,
    })
  }
  if (names.includes(UNFINISHED_RESTORE)) throw new DureError('data-directory', unfinishedRestore(into))
  if (names.length === 0) return
  const some = names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '')
  throw new DureError(
    'invalid',
    `${into} is not empty (${some}): a restore makes a new cluster and replaces none; name a directory that is empty or not there yet`,
  )
}

function makeStaging(into: string): string {
  const staging = join(into, UNFINISHED_RESTORE)
  try {
    mkdirSync(staging, { recursive: true })
  } catch (cause) {
    const advice = 'choose a directory that is yours'
    throw new DureError('disk', `${into} cannot be written (${(cause as Error).message}): ${advice}`, {
      cause,
    })
  }
  syncName(into)
  syncName(dirname(into))
  return staging
}

function move(path: string, into: string): void {
  renameSync(path, join(into, basename(path)))
}

function finish(staging: string, into: string): void {
  syncName(into)
  rmdirSync(staging)
  syncName(into)
}

/** Everything in it is ours: it was empty when we began. */
function cleanUp(into: string, isNew: boolean): void {
  if (isNew) return rmSync(into, { recursive: true, force: true })
  for (const name of readdirSync(into)) rmSync(join(into, name), { recursive: true, force: true })
}

/** A file's bytes, or a directory's names. */
function syncName(path: string): void {
  // Windows syncs no directories.
  if (process.platform === 'win32') return
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
