import type { Disk, DiskCallback, DiskFile } from '../../runtime/disk.ts'
import type { Runtime } from '../../runtime/runtime.ts'

/** How long each sync of a disk is held back. */
export interface DiskStall {
  /** 0 on a healthy disk. Holds for syncs that end from now on. */
  stallMs: number
}

/**
 * A disk whose syncs come late when they are told to: `stall.stallMs` after they were done. Writes and reads are not held
 * back, as on a disk whose cache is quick and whose medium is not.
 *
 * ```ts
 * const stall = { stallMs: 0 }
 * const disk = stallingDisk(runtime, runtime.disk, stall)
 * stall.stallMs = 500
 * ```
 */
export function stallingDisk(runtime: Pick<Runtime, 'timer'>, disk: Disk, stall: DiskStall): Disk {
  const late =
    (done: DiskCallback): DiskCallback =>
    (error) => {
      if (stall.stallMs > 0) runtime.timer(stall.stallMs, () => done(error, undefined))
      else done(error, undefined)
    }
  const stallingFile = (file: DiskFile): DiskFile => ({
    path: file.path,
    get sizeBytes() {
      return file.sizeBytes
    },
    write: (offset, bytes, done) => file.write(offset, bytes, done),
    sync: (done) => file.sync(late(done)),
    writeSynced: (offset, bytes, done) => file.writeSynced(offset, bytes, late(done)),
    read: (offset, length, done) => file.read(offset, length, done),
    truncate: (size, done) => file.truncate(size, done),
    close: (done) => file.close(done),
  })
  return {
    lock: (done) => disk.lock(done),
    open: (path, options, done) =>
      disk.open(path, options, (error, file) =>
        error === undefined ? done(undefined, stallingFile(file)) : done(error, file),
      ),
    makeDirectory: (path, done) => disk.makeDirectory(path, done),
    list: (directory, done) => disk.list(directory, done),
    rename: (from, to, done) => disk.rename(from, to, done),
    remove: (path, done) => disk.remove(path, done),
    syncDirectory: (directory, done) => disk.syncDirectory(directory, late(done)),
  }
}
