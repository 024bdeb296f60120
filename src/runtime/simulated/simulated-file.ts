import { AssertionError } from '../../foundation/assert.ts'
import type { DiskCallback, DiskFile } from '../disk.ts'
import { DiskError } from '../disk.ts'
import type { Incarnation } from './incarnation.ts'
import { isUntouched, type Remembered, remember } from './remembered.ts'
import { SECTOR_BYTES, type Sectors } from './sectors.ts'
import { failedSync, type SimulatedDisk } from './simulated-disk.ts'

/** An open file of one incarnation. Bytes reach the cache when a write is asked for, its callback comes later. */
export class SimulatedFile implements DiskFile {
  readonly path: string
  readonly #sectors: Sectors
  readonly #incarnation: Incarnation
  readonly #disk: SimulatedDisk
  #isClosed = false

  constructor(path: string, sectors: Sectors, incarnation: Incarnation) {
    this.path = path
    this.#sectors = sectors
    this.#incarnation = incarnation
    this.#disk = incarnation.process.disk
  }

  get sizeBytes(): number {
    return this.#sectors.sizeBytes
  }

  write(offsetBytes: number, bytes: Uint8Array, done: DiskCallback): void {
    const error = this.#put(offsetBytes, bytes)
    const before = remember(bytes, this.#disk.slab)
    this.#later(this.#disk.faults.writeLatencyMs, bytes.length, () => {
      this.#assertUntouched(bytes, before)
      done(error)
    })
  }

  sync(done: DiskCallback): void {
    this.#sync(0, done)
  }

  writeSynced(offsetBytes: number, bytes: Uint8Array, done: DiskCallback): void {
    const error = this.#put(offsetBytes, bytes)
    if (error !== undefined) {
      this.#later(this.#disk.faults.writeLatencyMs, 0, () => done(error))
      return
    }
    const before = remember(bytes, this.#disk.slab)
    this.#sync(bytes.length, (syncError) => {
      this.#assertUntouched(bytes, before)
      done(syncError)
    })
  }

  read(offsetBytes: number, lengthBytes: number, done: DiskCallback<Uint8Array>): void {
    this.#assertOpen()
    this.#later(this.#disk.faults.readLatencyMs, lengthBytes, () => {
      const size = Math.min(lengthBytes, this.#sectors.sizeBytes - offsetBytes)
      if (size > 0 && this.#disk.damages(this.#disk.faults.readCorruptionProbability)) {
        this.#sectors.flipBit(offsetBytes + this.#disk.integer(0, size - 1), this.#disk.integer(0, 7))
      }
      done(undefined, this.#sectors.read(offsetBytes, lengthBytes))
    })
  }

  truncate(sizeBytes: number, done: DiskCallback): void {
    this.#assertOpen()
    if (!this.#incarnation.isDead) this.#sectors.truncate(sizeBytes)
    this.#later(this.#disk.faults.writeLatencyMs, 0, () => done(undefined))
  }

  close(done: DiskCallback): void {
    this.#assertOpen()
    this.#isClosed = true
    this.#later(this.#disk.faults.writeLatencyMs, 0, () => done(undefined))
  }

  #put(offsetBytes: number, bytes: Uint8Array): DiskError | undefined {
    this.#assertOpen()
    if (this.#incarnation.isDead) return undefined
    const { faults } = this.#disk
    if (!this.#disk.hasRoomFor(this.#sectors.growthBytes(offsetBytes, bytes.length))) {
      return new DiskError('full', this.path, `cannot write to ${this.path}: no space is left`)
    }
    if (this.#disk.damages(faults.lostWriteProbability)) {
      this.#sectors.truncate(Math.max(this.#sectors.sizeBytes, offsetBytes + bytes.length))
      return undefined
    }
    let place = offsetBytes
    if (this.#disk.damages(faults.misdirectedWriteProbability)) {
      const sectors = Math.max(1, Math.floor(this.#sectors.sizeBytes / SECTOR_BYTES))
      place = this.#disk.integer(0, sectors - 1) * SECTOR_BYTES + (offsetBytes % SECTOR_BYTES)
    }
    this.#sectors.write(place, bytes)
    return undefined
  }

  #sync(sizeBytes: number, done: DiskCallback): void {
    this.#assertOpen()
    if (this.#incarnation.isDead) return
    const sealed = this.#sectors.seal()
    this.#disk.stallRandomly()
    this.#later(this.#disk.faults.syncLatencyMs, sizeBytes, () => {
      if (this.#disk.strikes(this.#disk.faults.syncErrorProbability)) {
        this.#sectors.syncFailed(sealed)
        return done(failedSync(this.path))
      }
      this.#sectors.synced(sealed)
      done(undefined)
    })
  }

  #later(latency: { readonly min: number; readonly max: number }, sizeBytes: number, work: () => void): void {
    this.#disk.later(this.#incarnation, latency, sizeBytes, work)
  }

  // Both spelled out, so that the words are put together only when they are needed.

  #assertOpen(): void {
    if (!this.#isClosed || this.#incarnation.isDead) return
    throw new AssertionError(`${this.path} is used before it is closed, not after`)
  }

  #assertUntouched(bytes: Uint8Array, before: Remembered): void {
    if (isUntouched(bytes, before)) return
    throw new AssertionError(`the bytes of a write to ${this.path} are left alone until it ends`)
  }
}
