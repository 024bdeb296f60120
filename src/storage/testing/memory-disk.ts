import type { Disk, DiskCallback, DiskFile } from '../../runtime/disk.ts'
import { DiskError } from '../../runtime/disk.ts'

/** A sync that a disk was asked for: of a file's bytes, or of a directory's names. */
export interface SyncRequest {
  readonly kind: 'file' | 'directory'
  readonly path: string
}

class Content {
  visible: Uint8Array = new Uint8Array(0)
  durable: Uint8Array = new Uint8Array(0)
}

/**
 * A disk that keeps what was not synced apart, for tests that decide themselves what a crash leaves. Calls end in
 * order, each as a task of its own, until `freeze`.
 */
export class MemoryDisk implements Disk {
  #visible = new Map<string, Content>()
  #durable = new Map<string, Content>()
  #epoch = 0
  #pending = 0
  #isHeld = false
  #held: (() => void)[] = []
  #idle: (() => void)[] = []
  readonly syncs: SyncRequest[] = []
  /** How many turns of the event loop a call takes more than others. */
  delayTurns: (action: string) => number = () => 0
  /** Answers whether a sync only pretends: the mutant of a program that forgot it. */
  skipSync: (sync: SyncRequest) => boolean = () => false
  /** An error for what is about to be done, if it fails. */
  refuse: (action: string, path: string) => DiskError['reason'] | undefined = () => undefined

  /** The disk as the process that runs now has it: after a crash its calls do nothing. */
  attach(): Disk {
    const epoch = this.#epoch
    return new Proxy<Disk>(this, {
      get: (disk, name: keyof Disk) => (epoch === this.#epoch ? disk[name].bind(disk) : () => {}),
    })
  }

  /**
   * Loses what was not synced: names, and bytes, of which `keeps` may save some sectors. Callbacks that wait never come.
   */
  losePower(keeps: () => boolean = () => false): void {
    this.#epoch++
    this.#forgetWaiting()
    this.#visible = new Map()
    for (const [path, content] of this.#durable) {
      const { visible } = content
      const left = content.durable.slice()
      for (let at = 0; at < left.length; at += 512) {
        if (keeps()) left.set(visible.subarray(at, Math.min(at + 512, left.length)), at)
      }
      content.visible = left
      content.durable = left.slice()
      this.#visible.set(path, content)
    }
  }

  /** The process ends, the machine goes on: nothing is lost yet. */
  killProcess(): void {
    this.#epoch++
    this.#forgetWaiting()
  }

  /** Requests wait from now on, their effects included, until `release`. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    for (const run of this.#held.splice(0)) run()
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#pending > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  bytes(path: string): Uint8Array {
    return this.#visible.get(path)!.visible
  }

  /** Changes the medium. */
  edit(path: string, change: (bytes: Uint8Array) => Uint8Array | undefined): void {
    const content = this.#visible.get(path)!
    const bytes = content.visible.slice()
    content.visible = change(bytes) ?? bytes
    content.durable = content.visible.slice()
  }

  delete(path: string): void {
    this.#visible.delete(path)
    this.#durable.delete(path)
  }

  put(path: string, bytes: Uint8Array): void {
    const content = new Content()
    content.visible = bytes.slice()
    content.durable = bytes.slice()
    this.#visible.set(path, content)
    this.#durable.set(path, content)
  }

  paths(): string[] {
    return [...this.#visible.keys()].sort()
  }

  /** An independent disk with the same durable and visible contents. */
  fork(): MemoryDisk {
    const copy = new MemoryDisk()
    const contents = new Map<Content, Content>()
    const clone = (content: Content): Content => {
      let cloned = contents.get(content)
      if (cloned === undefined) {
        cloned = new Content()
        cloned.visible = content.visible.slice()
        cloned.durable = content.durable.slice()
        contents.set(content, cloned)
      }
      return cloned
    }
    for (const [path, content] of this.#visible) copy.#visible.set(path, clone(content))
    for (const [path, content] of this.#durable) copy.#durable.set(path, clone(content))
    return copy
  }

  lock(done: DiskCallback): void {
    this.#later('lock', '', () => undefined, done)
  }

  open(path: string, options: { readonly create: boolean }, done: DiskCallback<DiskFile>): void {
    this.#later(
      'open',
      path,
      () => {
        let content = this.#visible.get(path)
        if (content === undefined) {
          if (!options.create) throw new DiskError('missing', path, `cannot open ${path}: there is none`)
          content = new Content()
          this.#visible.set(path, content)
        }
        return this.#file(path, content)
      },
      done,
    )
  }

  makeDirectory(path: string, done: DiskCallback): void {
    this.#later('make', path, () => undefined, done)
  }

  list(directory: string, done: DiskCallback<readonly string[]>): void {
    const prefix = directory === '.' || directory === '' ? '' : `${directory}/`
    this.#later(
      'list',
      directory,
      () =>
        this.paths()
          .filter((path) => path.startsWith(prefix))
          .map((path) => path.slice(prefix.length).split('/')[0]!),
      done,
    )
  }

  rename(from: string, to: string, done: DiskCallback): void {
    this.#later(
      'rename',
      from,
      () => {
        this.#visible.set(to, this.#visible.get(from)!)
        this.#visible.delete(from)
      },
      done,
    )
  }

  remove(path: string, done: DiskCallback): void {
    this.#later('remove', path, () => void this.#visible.delete(path), done)
  }

  syncDirectory(directory: string, done: DiskCallback): void {
    const parent = directory === '.' ? '' : directory
    this.#later(
      'sync',
      directory,
      () => {
        if (!this.#takesSync({ kind: 'directory', path: directory })) return
        for (const path of this.#durable.keys())
          if (parentOf(path) === parent && !this.#visible.has(path)) this.#durable.delete(path)
        for (const [path, content] of this.#visible)
          if (parentOf(path) === parent) this.#durable.set(path, content)
      },
      done,
    )
  }

  #file(path: string, content: Content): DiskFile {
    const epoch = this.#epoch
    const later = <Value>(action: string, work: () => Value, done: DiskCallback<Value>): void => {
      if (epoch === this.#epoch) this.#later(action, path, work, done)
    }
    const write = (offset: number, bytes: Uint8Array): void => {
      const size = Math.max(content.visible.length, offset + bytes.length)
      if (size > content.visible.length) {
        const grown = new Uint8Array(size)
        grown.set(content.visible)
        content.visible = grown
      }
      content.visible.set(bytes, offset)
    }
    const sync = (): void => {
      if (this.#takesSync({ kind: 'file', path })) content.durable = content.visible.slice()
    }
    return {
      path,
      get sizeBytes() {
        return content.visible.length
      },
      write: (offset, bytes, done) => later('write', () => write(offset, bytes), done),
      sync: (done) => later('sync', sync, done),
      writeSynced: (offset, bytes, done) => {
        const work = (): void => {
          write(offset, bytes)
          sync()
        }
        later('write', work, done)
      },
      read: (offset, length, done) =>
        later('read', () => content.visible.slice(offset, offset + length), done),
      truncate: (size, done) =>
        later('truncate', () => void (content.visible = content.visible.slice(0, size)), done),
      close: (done) => later('close', () => undefined, done),
    }
  }

  #takesSync(sync: SyncRequest): boolean {
    this.syncs.push(sync)
    return !this.skipSync(sync)
  }

  #later<Value>(action: string, path: string, work: () => Value, done: DiskCallback<Value>): void {
    const epoch = this.#epoch
    this.#pending++
    let turns = this.delayTurns(action)
    const run = (): void => {
      setImmediate(() => {
        if (epoch !== this.#epoch) return
        if (turns-- > 0) return run()
        try {
          this.#end(action, path, work, done)
        } finally {
          this.#pending--
          if (this.#pending === 0) for (const resolve of this.#idle.splice(0)) resolve()
        }
      })
    }
    if (this.#isHeld) this.#held.push(run)
    else run()
  }

  #end<Value>(action: string, path: string, work: () => Value, done: DiskCallback<Value>): void {
    const reason = this.refuse(action, path)
    if (reason !== undefined) {
      return done(new DiskError(reason, path, `cannot ${action} ${path}: ${reason}`), undefined as Value)
    }
    let value: Value
    try {
      value = work()
    } catch (error) {
      return done(error as DiskError, undefined as Value)
    }
    done(undefined, value)
  }

  #forgetWaiting(): void {
    this.#held = []
    this.#isHeld = false
    this.#pending = 0
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
