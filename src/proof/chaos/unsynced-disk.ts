import { type Disk, type DiskCallback, DiskError, type DiskFile } from '../../runtime/disk.ts'
import { UnsyncedBytes } from './unsynced-bytes.ts'

/**
 * A disk that forgets with its process: bytes that were not synced, and names whose directory was not, are kept in
 * memory and reach the disk below by the sync that the program asks for. `kill -9` leaves the operating system's cache
 * alone, so on a plain disk it cannot show that a sync is missing; on this one it does.
 *
 * ```ts
 * const disk = unsyncedDisk(runtime.disk) // what a node gets as its runtime's disk: `--fault-disk unsynced`
 * ```
 *
 * What a program does past its `Disk`, as LMDB does, is out of reach.
 */
export const unsyncedDisk = (disk: Disk): Disk => new UnsyncedDisk(disk)

/** Files without a durable name live here on the disk below, under numbers. */
const STAGING = '.unsynced'

interface Inode {
  /** Where it is on the disk below. */
  home: string
  bytes: UnsyncedBytes | undefined
  handles: number
}

/** What a name stands for since the last sync of its directory; null when it was removed. */
type NameChange = Inode | 'directory' | null

class UnsyncedDisk implements Disk {
  readonly #below: Disk
  /** In the order of the changes. */
  readonly #changes = new Map<string, NameChange>()
  /** Changes whose directory was synced while that itself had no durable name. */
  readonly #settled = new Set<string>()
  /** Files with bytes in memory or handles, by the name that the program sees. */
  readonly #inodes = new Map<string, Inode>()
  /** Requests about names, one at a time. */
  readonly #requests: (() => void)[] = []
  #staged = 0
  #hasStaging = false

  constructor(below: Disk) {
    this.#below = below
  }

  lock(done: DiskCallback): void {
    this.#below.lock((error) => {
      if (error !== undefined || this.#hasStaging) return done(error)
      this.#inTurn<void>((end) => this.#clearStaging(end), done)
    })
  }

  open(path: string, { create }: { readonly create: boolean }, done: DiskCallback<DiskFile>): void {
    const name = normal(path)
    this.#inTurn<DiskFile>((end) => {
      const opened = (inode: Inode): void => end(undefined, this.#handle(name, inode))
      const known = this.#inodes.get(name) ?? this.#changes.get(name)
      if (known !== undefined && known !== null && known !== 'directory') {
        return this.#withBytes(known, (error) =>
          error === undefined ? opened(known) : end(error, undefined as never),
        )
      }
      const createIt = (missing: DiskError): void => {
        if (!create) return end(missing, undefined as never)
        this.#exists(parentOf(name), (exists) => {
          if (!exists) return end(missing, undefined as never)
          this.#stage(name, (error, inode) =>
            error === undefined ? opened(inode) : end(error, undefined as never),
          )
        })
      }
      if (known === null) return createIt(missing('open', name))
      this.#below.open(name, { create: false }, (error, file) => {
        if (error === undefined) {
          const inode: Inode = { home: name, bytes: new UnsyncedBytes(file), handles: 0 }
          this.#inodes.set(name, inode)
          return opened(inode)
        }
        if (error.reason === 'missing') createIt(error)
        else end(error, undefined as never)
      })
    }, done)
  }

  makeDirectory(path: string, done: DiskCallback): void {
    this.#inTurn<void>((end) => this.#makeDirectories(normal(path), end), done)
  }

  list(directory: string, done: DiskCallback<readonly string[]>): void {
    const parent = normal(directory)
    this.#inTurn<readonly string[]>((end) => this.#list(parent, end), done)
  }

  rename(from: string, to: string, done: DiskCallback): void {
    const source = normal(from)
    const target = normal(to)
    this.#inTurn<void>((end) => {
      this.#exists(source, (exists) => {
        if (!exists) return end(missing('rename', source))
        const changed = this.#changes.get(source)
        const inode: Inode =
          this.#inodes.get(source) ??
          (typeof changed === 'object' && changed !== null
            ? changed
            : { home: source, bytes: undefined, handles: 0 })
        this.#inodes.delete(source)
        this.#inodes.set(target, inode)
        this.#change(target, inode)
        this.#change(source, null)
        end(undefined)
      })
    }, done)
  }

  remove(path: string, done: DiskCallback): void {
    const name = normal(path)
    this.#inTurn<void>((end) => {
      this.#exists(name, (exists) => {
        if (!exists) return end(missing('remove', name))
        this.#inodes.delete(name)
        this.#change(name, null)
        end(undefined)
      })
    }, done)
  }

  syncDirectory(directory: string, done: DiskCallback): void {
    const name = normal(directory)
    this.#inTurn<void>((end) => {
      this.#exists(name, (exists) => {
        if (!exists) return end(missing('sync', name))
        for (const path of this.#changes.keys()) if (parentOf(path) === name) this.#settled.add(path)
        this.#passOnNames(new Set([name]), end)
      })
    }, done)
  }

  #handle(name: string, inode: Inode): DiskFile {
    const bytes = inode.bytes!
    inode.handles++
    return {
      path: name,
      get sizeBytes() {
        return bytes.sizeBytes
      },
      write: (offset, data, done) => bytes.write(offset, data, done),
      sync: (done) => bytes.sync(done),
      writeSynced: (offset, data, done) => bytes.writeSynced(offset, data, done),
      read: (offset, length, done) => bytes.read(offset, length, done),
      truncate: (size, done) => bytes.truncate(size, done),
      close: (done) => {
        inode.handles--
        // As in a cache, bytes stay when the file is closed.
        if (inode.handles > 0 || !bytes.isSynced) return queueMicrotask(() => done(undefined))
        inode.bytes = undefined
        for (const [path, other] of this.#inodes) if (other === inode) this.#inodes.delete(path)
        bytes.close(done)
      },
    }
  }

  #withBytes(inode: Inode, done: (error?: DiskError) => void): void {
    if (inode.bytes !== undefined) return done()
    this.#below.open(inode.home, { create: false }, (error, file) => {
      if (error === undefined) inode.bytes = new UnsyncedBytes(file)
      done(error)
    })
  }

  /** A new file: on the disk below it has a number until its directory is synced. */
  #stage(name: string, done: DiskCallback<Inode>): void {
    this.#withStaging((error) => {
      if (error !== undefined) return done(error, undefined as never)
      const home = `${STAGING}/${++this.#staged}`
      this.#below.open(home, { create: true }, (openError, file) => {
        if (openError !== undefined) return done(openError, undefined as never)
        const inode: Inode = { home, bytes: new UnsyncedBytes(file), handles: 0 }
        this.#inodes.set(name, inode)
        this.#change(name, inode)
        done(undefined, inode)
      })
    })
  }

  #makeDirectories(name: string, done: DiskCallback): void {
    this.#exists(name, (exists) => {
      if (exists) return done(undefined)
      this.#makeDirectories(parentOf(name), (error) => {
        if (error === undefined) this.#change(name, 'directory')
        done(error)
      })
    })
  }

  #list(parent: string, done: DiskCallback<readonly string[]>): void {
    this.#below.list(parent === '' ? '.' : parent, (error, below) => {
      if (error !== undefined) return done(error, below)
      const names = new Set(below)
      if (parent === '') names.delete(STAGING)
      for (const [path, change] of this.#changes) {
        if (parentOf(path) !== parent) continue
        if (change === null) names.delete(baseOf(path))
        else names.add(baseOf(path))
      }
      done(undefined, [...names].sort())
    })
  }

  #exists(name: string, done: (exists: boolean) => void): void {
    if (name === '') return done(true)
    const change = this.#changes.get(name)
    if (change !== undefined) return done(change !== null)
    this.#list(parentOf(name), (error, names) => done(error === undefined && names.includes(baseOf(name))))
  }

  #change(name: string, change: NameChange): void {
    // Again at the end: the order is that of the last changes.
    this.#changes.delete(name)
    this.#settled.delete(name)
    this.#changes.set(name, change)
  }

  /** Passes on every settled change whose directory is durable; removals last, or they would take what has moved. */
  #passOnNames(touched: Set<string>, done: DiskCallback): void {
    const ready = [...this.#changes].filter(
      ([path]) => this.#settled.has(path) && !this.#changes.has(parentOf(path)),
    )
    const next = ready.find(([, change]) => change !== null) ?? ready[0]
    if (next === undefined) return this.#syncAll([...touched], done)
    const [path, change] = next
    const passed: DiskCallback = (error) => {
      if (error !== undefined && !(change === null && error.reason === 'missing')) return done(error)
      this.#changes.delete(path)
      this.#settled.delete(path)
      if (typeof change === 'object' && change !== null) change.home = path
      this.#passOnNames(touched.add(parentOf(path)), done)
    }
    if (change === 'directory') return this.#below.makeDirectory(path, passed)
    if (change !== null) return this.#below.rename(change.home, path, passed)
    const moving = [...this.#changes.values()].find(
      (other): other is Inode => typeof other === 'object' && other?.home === path,
    )
    if (moving === undefined) return this.#below.remove(path, passed)
    // It has a new name in another directory, which is not durable yet.
    this.#withStaging((error) => {
      if (error !== undefined) return done(error)
      moving.home = `${STAGING}/${++this.#staged}`
      this.#below.rename(path, moving.home, passed)
    })
  }

  #syncAll(directories: readonly string[], done: DiskCallback): void {
    const [first, ...rest] = directories
    if (first === undefined) return done(undefined)
    if (this.#changes.has(first)) return this.#syncAll(rest, done)
    this.#below.syncDirectory(first === '' ? '.' : first, (error) =>
      error === undefined ? this.#syncAll(rest, done) : done(error),
    )
  }

  #withStaging(done: DiskCallback): void {
    if (this.#hasStaging) return done(undefined)
    this.#below.makeDirectory(STAGING, (error) => {
      if (error === undefined) this.#hasStaging = true
      done(error)
    })
  }

  /** What an earlier process did not live to sync. */
  #clearStaging(done: DiskCallback): void {
    this.#withStaging((error) => {
      if (error !== undefined) return done(error)
      this.#below.list(STAGING, (listError, names) => {
        if (listError !== undefined) return done(listError)
        const removeFrom = (at: number): void => {
          if (at === names.length) return done(undefined)
          this.#below.remove(`${STAGING}/${names[at]}`, (removeError) =>
            removeError === undefined ? removeFrom(at + 1) : done(removeError),
          )
        }
        removeFrom(0)
      })
    })
  }

  #inTurn<Value>(work: (end: DiskCallback<Value>) => void, done: DiskCallback<Value>): void {
    this.#requests.push(() =>
      work((error, value) => {
        queueMicrotask(() => {
          this.#requests.shift()
          this.#requests[0]?.()
          done(error, value)
        })
      }),
    )
    if (this.#requests.length === 1) this.#requests[0]!()
  }
}

const normal = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const missing = (action: string, path: string): DiskError =>
  new DiskError('missing', path, `cannot ${action} ${path}: there is no such file or directory`)
