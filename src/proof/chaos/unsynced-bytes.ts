import type { DiskCallback, DiskError, DiskFile } from '../../runtime/disk.ts'

type Change =
  | { readonly kind: 'write'; readonly offsetBytes: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number }

/**
 * The bytes of one file: what the disk below holds, and in memory the changes that were not synced. They are passed on
 * in order, one sync at a time; doing one of them twice changes nothing, so a reader may see them on both levels.
 */
export class UnsyncedBytes {
  readonly #below: DiskFile
  readonly #changes: Change[] = []
  #sizeBytes: number
  #isSyncing = false
  #waiting: DiskCallback[] = []

  constructor(below: DiskFile) {
    this.#below = below
    this.#sizeBytes = below.sizeBytes
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Nothing of it would be lost. */
  get isSynced(): boolean {
    return this.#changes.length === 0 && !this.#isSyncing
  }

  write(offsetBytes: number, bytes: Uint8Array, done: DiskCallback): void {
    this.#keep(offsetBytes, bytes)
    queueMicrotask(() => done(undefined))
  }

  truncate(sizeBytes: number, done: DiskCallback): void {
    this.#changes.push({ kind: 'truncate', sizeBytes })
    this.#sizeBytes = sizeBytes
    queueMicrotask(() => done(undefined))
  }

  writeSynced(offsetBytes: number, bytes: Uint8Array, done: DiskCallback): void {
    if (this.isSynced) {
      this.#sizeBytes = Math.max(this.#sizeBytes, offsetBytes + bytes.length)
      this.#below.writeSynced(offsetBytes, bytes, done)
      return
    }
    this.#keep(offsetBytes, bytes)
    this.sync(done)
  }

  sync(done: DiskCallback): void {
    this.#waiting.push(done)
    if (!this.#isSyncing) this.#syncNext()
  }

  read(offsetBytes: number, lengthBytes: number, done: DiskCallback<Uint8Array>): void {
    const changes = this.#changes.slice()
    const found = new Uint8Array(Math.max(0, Math.min(lengthBytes, this.#sizeBytes - offsetBytes)))
    this.#below.read(offsetBytes, lengthBytes, (error, bytes) => {
      if (error !== undefined) return done(error, bytes)
      found.set(bytes.subarray(0, found.length))
      for (const change of changes) overlay(found, offsetBytes, change)
      done(undefined, found)
    })
  }

  close(done: DiskCallback): void {
    this.#below.close(done)
  }

  #keep(offsetBytes: number, bytes: Uint8Array): void {
    // The caller may use its buffer again.
    this.#changes.push({ kind: 'write', offsetBytes, bytes: bytes.slice() })
    this.#sizeBytes = Math.max(this.#sizeBytes, offsetBytes + bytes.length)
  }

  #syncNext(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    this.#isSyncing = true
    const count = this.#changes.length
    const end = (error: DiskError | undefined): void => {
      this.#isSyncing = false
      if (error === undefined) this.#changes.splice(0, count)
      for (const done of waiting) done(error)
      if (!this.#isSyncing) this.#syncNext()
    }
    this.#passOn(0, count, (error) => (error === undefined ? this.#below.sync(end) : end(error)))
  }

  #passOn(at: number, count: number, done: DiskCallback): void {
    if (at === count) return done(undefined)
    const change = this.#changes[at]!
    const next: DiskCallback = (error) =>
      error === undefined ? this.#passOn(at + 1, count, done) : done(error)
    if (change.kind === 'write') this.#below.write(change.offsetBytes, change.bytes, next)
    else this.#below.truncate(change.sizeBytes, next)
  }
}

/** Makes a change visible in `target`, the bytes from `offsetBytes` on. */
function overlay(target: Uint8Array, offsetBytes: number, change: Change): void {
  if (change.kind === 'truncate') {
    target.fill(0, Math.min(target.length, Math.max(0, change.sizeBytes - offsetBytes)))
    return
  }
  const from = Math.max(0, offsetBytes - change.offsetBytes)
  const at = Math.max(0, change.offsetBytes - offsetBytes)
  if (from >= change.bytes.length || at >= target.length) return
  target.set(change.bytes.subarray(from, from + target.length - at), at)
}
