import { type Disk, type DiskCallback, DiskError, type DiskFile } from '../../../runtime/disk.ts'
import type { SeededRandom } from '../../../runtime/seeded-random.ts'
import { CrashFile } from './crash-file.ts'

/** A directory's names: as they are seen, and as they are on the medium. */
class CrashDirectory {
  names = new Map<string, Node>()
  durable = new Map<string, Node>()
  /** Not synced, oldest first; each is lost or kept as a whole, whatever becomes of the others. */
  changes: (readonly (readonly [name: string, node: Node | undefined])[])[] = []
}

type Node = CrashFile | CrashDirectory

/**
 * - `kill`: the process ends and the machine goes on: the operating system's cache stays, and stays unsynced.
 * - `power`: what was not synced is lost, or kept, or some of it, sector by sector and name by name.
 */
export type Crash = 'kill' | 'power'

/**
 * A disk in memory for a program that is ended again and again, at a chosen step, in either way. Unlike the simulator's
 * it knows the difference between the two, promises nothing about the order in which names become durable, and takes
 * directories for names too: as much as POSIX lets go wrong.
 */
export class CrashDisk {
  readonly #random: SeededRandom
  #root = new CrashDirectory()
  #life = 0
  #stepsLeft = Number.POSITIVE_INFINITY
  #queue: (() => void)[] = []
  #isRunning = false
  #onCrash: () => void = () => {}
  /** Where syncs were asked for, and how often; `removedSync` among them does nothing. */
  readonly syncsSeen = new Map<string, number>()
  removedSync: string | undefined
  /** A synced write that had to carry more than its own bytes. */
  carried: string | undefined

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** A new life, which ends by itself after so many steps; resolves then. */
  begin(steps: number): { readonly disk: Disk; readonly ended: Promise<void> } {
    this.#life++
    this.#stepsLeft = steps
    this.#queue = []
    const ended = new Promise<void>((resolve) => (this.#onCrash = resolve))
    return { disk: this.#diskOf(this.#life), ended }
  }

  /** The machine's part of a crash; the process's part came with the end of its life. */
  crash(kind: Crash): void {
    this.#end()
    if (kind === 'kill') return
    const mood = this.#random.pick(['lose', 'keep', 'some'] as const)
    const keeps = (): boolean => (mood === 'some' ? this.#random.next() < 0.5 : mood === 'keep')
    losePower(this.#root, keeps)
  }

  #end(): void {
    this.#stepsLeft = 0
    this.#queue = []
    this.#onCrash()
  }

  /** Whether a sync that is asked for now counts. */
  #takesSync(): boolean {
    const site = callSite()
    this.syncsSeen.set(site, (this.syncsSeen.get(site) ?? 0) + 1)
    return site !== this.removedSync
  }

  #step<Value>(life: number, work: () => Value, done: DiskCallback<Value>): void {
    this.#queue.push(() => {
      if (life !== this.#life) return
      if (this.#stepsLeft === 0) return
      if (--this.#stepsLeft === 0) return this.#end()
      let value: Value
      try {
        value = work()
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        return done(error, undefined as never)
      }
      done(undefined, value)
    })
    if (this.#isRunning) return
    this.#isRunning = true
    queueMicrotask(() => this.#run())
  }

  #run(): void {
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next()
    } finally {
      this.#isRunning = false
    }
  }

  #diskOf(life: number): Disk {
    const step = <Value>(work: () => Value, done: DiskCallback<Value>): void => this.#step(life, work, done)
    return {
      lock: (done) => step(() => undefined, done),
      open: (path, { create }, done) =>
        step(() => {
          const [directory, name] = this.#place('open', path)
          let node = directory.names.get(name)
          if (node === undefined && create) {
            node = new CrashFile()
            change(directory, [name, node])
          }
          if (!(node instanceof CrashFile)) throw missing('open', path)
          return this.#handle(path, node, life)
        }, done),
      makeDirectory: (path, done) =>
        step(() => {
          const [directory, name] = this.#place('make', path)
          if (!directory.names.has(name)) change(directory, [name, new CrashDirectory()])
        }, done),
      list: (path, done) =>
        step(() => {
          const found = path === '.' ? this.#root : this.#root.names.get(path)
          return found instanceof CrashDirectory ? [...found.names.keys()].sort() : []
        }, done),
      rename: (from, to, done) =>
        step(() => {
          const [directory, name] = this.#place('rename', from)
          const node = directory.names.get(name)
          if (node === undefined) throw missing('rename', from)
          change(directory, [name, undefined], [this.#place('rename', to)[1], node])
        }, done),
      remove: (path, done) =>
        step(() => {
          const [directory, name] = this.#place('remove', path)
          if (!directory.names.has(name)) throw missing('remove', path)
          change(directory, [name, undefined])
        }, done),
      syncDirectory: (path, done) => {
        const counts = this.#takesSync()
        step(() => {
          const found = path === '.' ? this.#root : this.#root.names.get(path)
          if (!(found instanceof CrashDirectory)) throw missing('sync', path)
          if (!counts) return
          found.durable = new Map(found.names)
          found.changes = []
        }, done)
      },
    }
  }

  #handle(path: string, file: CrashFile, life: number): DiskFile {
    const step = <Value>(work: () => Value, done: DiskCallback<Value>): void => this.#step(life, work, done)
    return {
      path,
      get sizeBytes() {
        return file.sizeBytes
      },
      write: (offset, bytes, done) => step(() => file.write(offset, bytes, life), done),
      sync: (done) => {
        const counts = this.#takesSync()
        step(() => {
          if (counts) file.sync()
        }, done)
      },
      writeSynced: (offset, bytes, done) => {
        const counts = this.#takesSync()
        step(
          () => {
            if (!file.isSynced && path.startsWith('log/')) this.carried ??= path
            file.write(offset, bytes, life)
          },
          (error) => {
            if (error !== undefined || !counts) return done(error)
            // What an earlier process left in the cache is not ours: one descriptor that syncs its own writes leaves it.
            step(() => file.sync(life), done)
          },
        )
      },
      read: (offset, length, done) => step(() => file.read(offset, length), done),
      truncate: (size, done) => step(() => file.truncate(size, life), done),
      close: (done) => step(() => undefined, done),
    }
  }

  #place(action: string, path: string): [CrashDirectory, string] {
    const slash = path.lastIndexOf('/')
    if (slash === -1) return [this.#root, path]
    const directory = this.#root.names.get(path.slice(0, slash))
    if (!(directory instanceof CrashDirectory)) throw missing(action, path)
    return [directory, path.slice(slash + 1)]
  }
}

function change(directory: CrashDirectory, ...entries: (readonly [string, Node | undefined])[]): void {
  apply(directory.names, entries)
  directory.changes.push(entries)
}

function apply(names: Map<string, Node>, entries: readonly (readonly [string, Node | undefined])[]): void {
  for (const [name, node] of entries) {
    if (node === undefined) names.delete(name)
    else names.set(name, node)
  }
}

function losePower(directory: CrashDirectory, keeps: () => boolean): void {
  for (const entries of directory.changes) if (keeps()) apply(directory.durable, entries)
  directory.changes = []
  directory.names = new Map(directory.durable)
  for (const node of directory.names.values()) {
    if (node instanceof CrashFile) node.losePower(keeps)
    else losePower(node, keeps)
  }
}

const missing = (action: string, path: string): DiskError =>
  new DiskError('missing', path, `cannot ${action} ${path}: there is no such file or directory`)

/** The line of `src/storage` that asked. */
function callSite(): string {
  const { stack = '' } = new Error('where')
  return /src\/(storage\/[\w/-]+\.ts:\d+)/.exec(stack)?.[1] ?? 'elsewhere'
}
