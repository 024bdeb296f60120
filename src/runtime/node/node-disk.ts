import { close, fsync, mkdir, open, readdir, rename, unlink } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Disk, DiskCallback, DiskError, DiskFile } from '../disk.ts'
import { DirectoryLock } from './directory-lock.ts'
import { diskError } from './disk-error.ts'
import { NodeFile } from './node-file.ts'

/** The files of one data directory, through the callbacks of `node:fs`. */
export class NodeDisk implements Disk {
  readonly #root: string
  readonly #lock = new DirectoryLock()

  constructor(directory: string) {
    this.#root = resolve(directory)
  }

  lock(done: DiskCallback): void {
    this.#lock.acquire(this.#root).then(
      // Out of the promise, so that an error thrown by the callback is not taken for ours.
      () => setImmediate(() => syncDirectory(dirname(this.#root), done)),
      (error: DiskError) => setImmediate(() => done(error)),
    )
  }

  /** Lets another process have the directory. */
  release(): void {
    this.#lock.release()
  }

  open(path: string, options: { readonly create: boolean }, done: DiskCallback<DiskFile>): void {
    NodeFile.open(path, this.#full(path), options, done)
  }

  makeDirectory(path: string, done: DiskCallback): void {
    const full = this.#full(path)
    mkdir(full, { recursive: true }, (error) => done(error ? diskError('create', full, error) : undefined))
  }

  list(directory: string, done: DiskCallback<readonly string[]>): void {
    const full = this.#full(directory)
    readdir(full, (error, names) => {
      if (error?.code === 'ENOENT') return done(undefined, [])
      if (error) return done(diskError('list', full, error), [])
      done(undefined, names.sort())
    })
  }

  rename(from: string, to: string, done: DiskCallback): void {
    const full = this.#full(from)
    rename(full, this.#full(to), (error) => done(error ? diskError('rename', full, error) : undefined))
  }

  remove(path: string, done: DiskCallback): void {
    const full = this.#full(path)
    unlink(full, (error) => done(error ? diskError('remove', full, error) : undefined))
  }

  syncDirectory(directory: string, done: DiskCallback): void {
    syncDirectory(this.#full(directory), done)
  }

  #full(path: string): string {
    return join(this.#root, path)
  }
}

function syncDirectory(full: string, done: DiskCallback): void {
  open(full, 'r', (error, descriptor) => {
    // Windows cannot open a directory; its file system journals names by itself.
    if (error?.code === 'EPERM' || error?.code === 'EISDIR') return done(undefined)
    if (error) return done(diskError('sync', full, error))
    fsync(descriptor, (syncError) => {
      close(descriptor, () => done(syncError ? diskError('sync', full, syncError) : undefined))
    })
  })
}
