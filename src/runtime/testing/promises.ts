import type { Disk, DiskCallback, DiskFile } from '../disk.ts'

/** One callback as a promise: tests read better so. */
export function promised<Value = void>(ask: (done: DiskCallback<Value>) => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    ask((error, value) => (error === undefined ? resolve(value) : reject(error)))
  })
}

export function openFile(disk: Disk, path: string, create = true): Promise<DiskFile> {
  return promised<DiskFile>((done) => disk.open(path, { create }, done))
}
