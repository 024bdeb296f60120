import { close, constants, fdatasync, fstat, ftruncate, open, read, write } from 'node:fs'
import { platform } from 'node:process'
import type { DiskCallback, DiskError, DiskFile } from '../disk.ts'
import { diskError } from './disk-error.ts'

/**
 * On Linux a descriptor opened with `O_DSYNC` writes and syncs in one system call, so in one trip to the thread pool.
 * Elsewhere it either does not exist or promises less than `fdatasync` does.
 */
const SYNCED_WRITES = platform === 'linux'

/**
 * One open file, over one descriptor for plain calls and a second one that syncs each write by itself.
 *
 * Such a write syncs its own bytes only. While plain writes wait for a sync, `writeSynced` therefore takes two trips:
 * write, then `fdatasync`.
 */
export class NodeFile implements DiskFile {
  readonly path: string
  readonly #fullPath: string
  readonly #descriptor: number
  readonly #syncedDescriptor: number | undefined
  #sizeBytes: number
  /** Grows as a plain change ends; what a sync that began at this number has covered. */
  #changes = 0
  #syncedChanges = 0

  static open(
    path: string,
    fullPath: string,
    options: { readonly create: boolean },
    done: DiskCallback<DiskFile>,
  ): void {
    const flags = constants.O_RDWR | (options.create ? constants.O_CREAT : 0)
    open(fullPath, flags, 0o644, (error, descriptor) => {
      if (error) return done(diskError('open', fullPath, error), undefined as never)
      fstat(descriptor, (statError, stats) => {
        if (statError) return giveUp(statError, descriptor)
        if (!SYNCED_WRITES) {
          return done(undefined, new NodeFile(path, fullPath, descriptor, undefined, stats.size))
        }
        open(fullPath, constants.O_WRONLY | constants.O_DSYNC, (syncedError, synced) => {
          if (syncedError) return giveUp(syncedError, descriptor)
          done(undefined, new NodeFile(path, fullPath, descriptor, synced, stats.size))
        })
      })
    })

    function giveUp(error: NodeJS.ErrnoException, descriptor: number): void {
      close(descriptor, () => done(diskError('open', fullPath, error), undefined as never))
    }
  }

  private constructor(
    path: string,
    fullPath: string,
    descriptor: number,
    syncedDescriptor: number | undefined,
    sizeBytes: number,
  ) {
    this.path = path
    this.#fullPath = fullPath
    this.#descriptor = descriptor
    this.#syncedDescriptor = syncedDescriptor
    this.#sizeBytes = sizeBytes
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  write(offsetBytes: number, bytes: Uint8Array, done: DiskCallback): void {
    this.#writeAll(this.#descriptor, offsetBytes, bytes, 0, (error) => {
      this.#changes++
      done(error)
    })
  }

  writeSynced(offsetBytes: number, bytes: Uint8Array, done: DiskCallback): void {
    if (this.#syncedDescriptor !== undefined && this.#changes === this.#syncedChanges) {
      this.#writeAll(this.#syncedDescriptor, offsetBytes, bytes, 0, done)
      return
    }
    this.write(offsetBytes, bytes, (error) => {
      if (error) return done(error)
      this.sync(done)
    })
  }

  #writeAll(
    descriptor: number,
    offsetBytes: number,
    bytes: Uint8Array,
    written: number,
    done: DiskCallback,
  ): void {
    write(descriptor, bytes, written, bytes.length - written, offsetBytes + written, (error, count) => {
      if (error) return done(diskError('write to', this.#fullPath, error))
      const total = written + count
      const end = offsetBytes + total
      if (count > 0 && end > this.#sizeBytes) this.#sizeBytes = end
      if (total === bytes.length) return done(undefined)
      if (count === 0) return done(this.#stuck())
      this.#writeAll(descriptor, offsetBytes, bytes, total, done)
    })
  }

  #stuck(): DiskError {
    return diskError('write to', this.#fullPath, new Error('the operating system took no bytes'))
  }

  sync(done: DiskCallback): void {
    const covered = this.#changes
    fdatasync(this.#descriptor, (error) => {
      if (error) return done(diskError('sync', this.#fullPath, error))
      if (covered > this.#syncedChanges) this.#syncedChanges = covered
      done(undefined)
    })
  }

  read(offsetBytes: number, lengthBytes: number, done: DiskCallback<Uint8Array>): void {
    const available = Math.max(0, this.#sizeBytes - offsetBytes)
    const wanted = Math.min(lengthBytes, available)
    this.#readAll(offsetBytes, Buffer.allocUnsafeSlow(wanted), 0, done)
  }

  #readAll(offsetBytes: number, target: Buffer, filled: number, done: DiskCallback<Uint8Array>): void {
    read(this.#descriptor, target, filled, target.length - filled, offsetBytes + filled, (error, count) => {
      if (error) return done(diskError('read', this.#fullPath, error), target)
      const total = filled + count
      if (count === 0 || total === target.length) return done(undefined, target.subarray(0, total))
      this.#readAll(offsetBytes, target, total, done)
    })
  }

  truncate(sizeBytes: number, done: DiskCallback): void {
    ftruncate(this.#descriptor, sizeBytes, (error) => {
      this.#changes++
      if (error) return done(diskError('truncate', this.#fullPath, error))
      this.#sizeBytes = sizeBytes
      done(undefined)
    })
  }

  close(done: DiskCallback): void {
    close(this.#descriptor, (error) => {
      const finish = (syncedError?: NodeJS.ErrnoException | null): void => {
        const first = error ?? syncedError
        done(first ? diskError('close', this.#fullPath, first) : undefined)
      }
      if (this.#syncedDescriptor === undefined) finish()
      else close(this.#syncedDescriptor, finish)
    })
  }
}
