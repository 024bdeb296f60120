import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { DureError } from '../../foundation/errors.ts'
import { BackupReader } from '../../storage/snapshot/backup-reader.ts'
import { type BackupNode, inOrder } from './backup-sources.ts'
import type { BackupSummary } from './read-backup.ts'

export interface TakeOptions {
  readonly nodes: readonly BackupNode[]
  readonly path: string
  /** Whether a file that is there may be replaced. */
  readonly force: boolean
  /** How long a node may take to begin. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onProgress: (sizeBytes: number) => void
  /** A node gave none, or not all of it; the next one is asked. */
  readonly onNext: (failed: BackupNode, error: DureError) => void
}

export interface TakenBackup extends BackupSummary {
  readonly from: BackupNode
}

/** Nothing came for so long: the node is gone, or paused. */
const SILENCE_MS_MAX = 30_000

/**
 * Brings a backup of a cluster into one file: checked as it comes, written beside its place, synced, and only then put
 * there. A node that fails is followed by the next, from the start.
 *
 * Errors: `invalid` (the file is there already), `unavailable` (no node gave one), `disk`, `aborted`.
 */
export async function takeBackup(options: TakeOptions): Promise<TakenBackup> {
  const path = resolve(options.path)
  requirePlace(path, options)
  const part = `${path}.${process.pid}.part`
  const file = await onDisk(path, open(part, 'wx'))
  try {
    const taken = await takeFromAny(options, file, path)
    await onDisk(path, file.sync())
    await file.close()
    requirePlace(path, options)
    await onDisk(path, rename(part, path))
    await syncDirectory(dirname(path))
    return taken
  } catch (error) {
    await file.close().catch(() => {})
    await rm(part, { force: true })
    throw error
  }
}

function requirePlace(path: string, { force }: TakeOptions): void {
  if (!existsSync(dirname(path))) {
    throw new DureError(
      'invalid',
      `there is no directory ${dirname(path)}: make it first, or name another place`,
    )
  }
  if (!existsSync(path)) return
  if (statSync(path).isDirectory()) {
    throw new DureError('invalid', `${path} is a directory: name the file that the backup shall be`)
  }
  if (force) return
  throw new DureError('invalid', `${path} is there already: choose another name, or replace it with --force`)
}

async function takeFromAny(options: TakeOptions, file: FileHandle, path: string): Promise<TakenBackup> {
  const { signal } = options
  const reasons: string[] = []
  for (const from of await inOrder(options.nodes)) {
    try {
      await onDisk(path, file.truncate(0))
      return { ...(await takeFrom(from, options, file, path)), from }
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (!(error instanceof DureError) || error.code === 'disk') throw error
      reasons.push(`${from.name}: ${error.message}`)
      options.onNext(from, error)
    }
  }
  throw new DureError('unavailable', `no node gave a backup. ${reasons.join('; ')}`, { retryable: true })
}

async function takeFrom(
  from: BackupNode,
  { timeoutMs, signal, onProgress }: TakeOptions,
  file: FileHandle,
  path: string,
): Promise<BackupSummary> {
  const silence = new AbortController()
  const given = AbortSignal.any([signal, silence.signal])
  // A little longer than the node has: what it says is worth more than that it said nothing.
  const timer = setTimeout(() => silence.abort(), timeoutMs + 1_000)
  try {
    const response = await reached(
      fetch(`http://${from.http}/v1/backup?timeout_ms=${Math.min(timeoutMs, 60_000)}`, { signal: given }),
      silence.signal,
    )
    if (!response.ok) throw await refusal(response)
    const reader = new BackupReader(`the backup that ${from.name} gives`, createHash('sha256'))
    const chunks = response.body!.getReader()
    let sizeBytes = 0
    for (;;) {
      clearTimeout(timer)
      const quiet = setTimeout(() => silence.abort(), SILENCE_MS_MAX)
      const { value, done } = await reached(chunks.read(), silence.signal).finally(() => clearTimeout(quiet))
      if (done) return { ...reader.end(), sizeBytes }
      reader.push(value)
      await onDisk(path, writeAll(file, value, sizeBytes))
      sizeBytes += value.length
      onProgress(sizeBytes)
    }
  } finally {
    clearTimeout(timer)
    // However it ended: the node lets its snapshot go.
    silence.abort()
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}

async function reached<Value>(call: Promise<Value>, silence: AbortSignal): Promise<Value> {
  try {
    return await call
  } catch (cause) {
    const found = silence.aborted ? 'it says nothing any more' : causeOf(cause as Error)
    throw new DureError('unavailable', found, { cause, retryable: true })
  }
}

function causeOf(error: Error): string {
  const { code } = (error.cause ?? {}) as { code?: string }
  if (code === 'ECONNREFUSED') return 'it does not answer'
  if (error.message === 'terminated' || code === 'UND_ERR_SOCKET') return 'it hung up before the end'
  return error.message
}

async function refusal(response: Response): Promise<DureError> {
  const { message } = (await response.json().catch(() => ({}))) as { message?: string }
  const found = response.status === 404 ? 'it serves no backups: it runs an older version of Dure' : message
  return new DureError('unavailable', found ?? `it answered ${response.status}`, { retryable: true })
}

async function onDisk<Value>(path: string, call: Promise<Value>): Promise<Value> {
  try {
    return await call
  } catch (cause) {
    throw new DureError('disk', `${path} cannot be written: ${(cause as Error).message}`, { cause })
  }
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows has no such thing.
  if (process.platform === 'win32') return
  const handle = await open(directory)
  await handle.sync()
  await handle.close()
}
