const SECTOR_BYTES = 512

/** The bytes of one file: as they are seen, as they are on the medium, and which sectors differ since whose write. */
export class CrashFile {
  #seen = new Uint8Array(0)
  #durable = new Uint8Array(0)
  /** Sectors that were not synced, with the life that wrote them last. */
  readonly #unsynced = new Map<number, number>()

  get sizeBytes(): number {
    return this.#seen.length
  }

  get isSynced(): boolean {
    return this.#unsynced.size === 0 && this.#seen.length === this.#durable.length
  }

  read(offset: number, length: number): Uint8Array {
    return this.#seen.slice(offset, offset + length)
  }

  write(offset: number, bytes: Uint8Array, life: number): void {
    if (offset + bytes.length > this.#seen.length) this.#seen = resized(this.#seen, offset + bytes.length)
    this.#seen.set(bytes, offset)
    for (let at = Math.floor(offset / SECTOR_BYTES); at * SECTOR_BYTES < offset + bytes.length; at++)
      this.#unsynced.set(at, life)
  }

  truncate(size: number, life: number): void {
    const from = Math.floor(Math.min(size, this.#seen.length) / SECTOR_BYTES)
    for (let at = from; at * SECTOR_BYTES < this.#seen.length; at++) this.#unsynced.set(at, life)
    this.#seen = resized(this.#seen, size)
  }

  /** Of everything, or of what one life wrote. */
  sync(life?: number): void {
    for (const [at, writer] of this.#unsynced) {
      if (life !== undefined && writer !== life) continue
      this.#keep(at)
      this.#unsynced.delete(at)
    }
    if (this.#unsynced.size === 0) this.#durable = resized(this.#durable, this.#seen.length)
  }

  losePower(keeps: () => boolean): void {
    for (const at of this.#unsynced.keys()) if (keeps()) this.#keep(at)
    this.#unsynced.clear()
    this.#seen = this.#durable.slice()
  }

  #keep(at: number): void {
    const from = at * SECTOR_BYTES
    const end = Math.min(from + SECTOR_BYTES, this.#seen.length)
    if (end > this.#durable.length) this.#durable = resized(this.#durable, end)
    if (end > from) this.#durable.set(this.#seen.subarray(from, end), from)
  }
}

function resized(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const found = new Uint8Array(size)
  found.set(bytes.subarray(0, size))
  return found
}
