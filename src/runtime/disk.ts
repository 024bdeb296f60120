/** A callback of the disk: exactly one of error and value matters. Never called before the request returned. */
export type DiskCallback<Value = void> = (error: DiskError | undefined, value: Value) => void

/** Why the disk refused. `reason` is stable; `message` names the path. */
export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly reason: 'full' | 'read-only' | 'missing' | 'exists' | 'locked' | 'failed'
  readonly path: string

  constructor(reason: DiskError['reason'], path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
    this.path = path
  }
}

/**
 * Files of one data directory; paths are relative to it, with `/`. Nothing is durable before a sync: a file's bytes
 * before `sync` or `writeSynced`, a name before `syncDirectory`.
 */
export interface Disk {
  /** Holds the directory against other processes until this one ends. `locked` when another holds it. */
  lock(done: DiskCallback): void
  /** Opens for reading and writing. Without `create`, a missing file is an error. */
  open(path: string, options: { readonly create: boolean }, done: DiskCallback<DiskFile>): void
  makeDirectory(path: string, done: DiskCallback): void
  /** Names in a directory, sorted; an empty list when it does not exist. */
  list(directory: string, done: DiskCallback<readonly string[]>): void
  rename(from: string, to: string, done: DiskCallback): void
  remove(path: string, done: DiskCallback): void
  /** Makes created, renamed and removed names of a directory durable. */
  syncDirectory(directory: string, done: DiskCallback): void
}

export interface DiskFile {
  readonly path: string
  /** Bytes written so far, synced or not. */
  readonly sizeBytes: number
  /** Writes all of `bytes` at `offset`; beyond the end the gap reads as zeros. */
  write(offsetBytes: number, bytes: Uint8Array, done: DiskCallback): void
  /** Makes everything written before this call durable (`fdatasync`). */
  sync(done: DiskCallback): void
  /** `write`, then `sync`, as one request: one trip where the runtime can. */
  writeSynced(offsetBytes: number, bytes: Uint8Array, done: DiskCallback): void
  /** Reads up to `lengthBytes`; fewer at the end of the file. */
  read(offsetBytes: number, lengthBytes: number, done: DiskCallback<Uint8Array>): void
  truncate(sizeBytes: number, done: DiskCallback): void
  close(done: DiskCallback): void
}
