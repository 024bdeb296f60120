import type { Disk, DiskCallback, DiskFile } from '../disk.ts'
import { DiskError } from '../disk.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { ByteSlab } from './byte-slab.ts'
import type { DiskFaults, Span } from './faults.ts'
import type { Incarnation } from './incarnation.ts'
import { Sectors } from './sectors.ts'
import { SimulatedFile } from './simulated-file.ts'
import { normalPath, parentOf, SimulatedNames } from './simulated-names.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Simulation } from './simulation.ts'

/** Half a gigabyte a second. */
const BYTES_PER_US = 500

/** The disk of one process. It outlives crashes; what a crash leaves of it is drawn from the seed. */
export class SimulatedDisk {
  readonly #world: Simulation
  readonly #process: SimulatedProcess
  readonly #random: SeededRandom
  readonly #names = new SimulatedNames()
  /** For copies that outlive no crash of the world. */
  readonly slab = new ByteSlab()
  #stalledUntilUs = 0
  #holder: Incarnation | undefined
  #ownFaults: DiskFaults | undefined

  constructor(world: Simulation, process: SimulatedProcess, random: SeededRandom) {
    this.#world = world
    this.#process = process
    this.#random = random
  }

  /** The plan's faults, unless this disk was given its own. */
  get faults(): DiskFaults {
    return this.#ownFaults ?? this.#world.faults.disk
  }

  /** From now on this disk alone behaves so. */
  setFaults(faults: Partial<DiskFaults>): void {
    this.#ownFaults = { ...this.faults, ...faults }
  }

  /** Nothing on this disk ends before so long from now. */
  stall(forMs: number): void {
    this.#stalledUntilUs = Math.max(this.#stalledUntilUs, this.#world.nowUs + forMs * 1_000)
  }

  /** Damages the medium under a file. */
  flipBit(path: string, offsetBytes: number, bit = 0): void {
    this.#names.get(normalPath(path))?.flipBit(offsetBytes, bit)
  }

  /** The bytes of a file as its process would read them; undefined when there is none. */
  peek(path: string): Uint8Array | undefined {
    const file = this.#names.get(normalPath(path))
    return file?.read(0, file.sizeBytes)
  }

  /** Names in a directory, as its process would see them. */
  list(directory: string): readonly string[] {
    return this.#names.list(normalPath(directory))
  }

  get usedBytes(): number {
    let used = 0
    for (const file of this.#names.files()) used += file.allocatedBytes
    return used
  }

  wipe(): void {
    this.#names.wipe()
  }

  crash(): void {
    const { loseUnsynced, tear } = this.faults
    this.#holder = undefined
    this.#stalledUntilUs = 0
    let isLost = this.#names.settle(this.#random, loseUnsynced)
    for (const file of this.#names.files()) {
      if (!loseUnsynced) file.forget()
      else if (file.settle(this.#random, tear)) isLost = true
    }
    if (isLost) this.#world.diskFaultStruck()
  }

  // For the files of this disk.

  /** Whether a fault of this probability strikes now. */
  strikes(probability: number): boolean {
    const struck = this.#random.chance(probability)
    if (struck) this.#world.diskFaultStruck()
    return struck
  }

  /** As `strikes`, for faults that destroy data: only so many processes may have any. */
  damages(probability: number): boolean {
    const struck =
      this.#random.chance(probability) &&
      this.#world.mayDamage(this.#process, this.faults.damagedProcessesMax)
    if (struck) this.#world.diskFaultStruck()
    return struck
  }

  integer(min: number, max: number): number {
    return this.#random.integer(min, max)
  }

  /** Ends a request later: `work` decides the outcome at that time. */
  later(incarnation: Incarnation, latency: Span, sizeBytes: number, work: () => void): void {
    if (incarnation.isDead) return
    const takesUs =
      Math.ceil(this.#random.between(latency.min, latency.max) * 1_000) + Math.ceil(sizeBytes / BYTES_PER_US)
    const delayUs = Math.max(1, takesUs, this.#stalledUntilUs - this.#world.nowUs + takesUs)
    this.#world.schedule('disk', incarnation, delayUs, () => {
      this.#world.record('disk', this.#process.number, undefined, sizeBytes)
      work()
    })
  }

  stallRandomly(): void {
    const { stallProbability, stallMs } = this.faults
    if (this.strikes(stallProbability)) this.stall(this.#random.between(stallMs.min, stallMs.max))
  }

  hasRoomFor(bytes: number): boolean {
    return (
      this.faults.capacityBytes === Number.POSITIVE_INFINITY ||
      this.usedBytes + bytes <= this.faults.capacityBytes
    )
  }

  // For the runtime.

  openFor(incarnation: Incarnation): Disk {
    const names = this.#names
    const later = (work: () => void): void => this.later(incarnation, this.faults.writeLatencyMs, 0, work)
    const fail = <Value>(done: DiskCallback<Value>, error: DiskError): void =>
      later(() => done(error, undefined as Value))
    return {
      lock: (done) => {
        if (this.#holder !== undefined && this.#holder !== incarnation) {
          return fail(
            done,
            new DiskError('locked', '', 'cannot lock the data directory: another process holds it'),
          )
        }
        this.#holder = incarnation
        later(() => done(undefined))
      },
      open: (path, options, done) => {
        const name = normalPath(path)
        const found = names.get(name)
        if (found !== undefined) return later(() => done(undefined, open(name, found)))
        if (!options.create || !names.directories.has(parentOf(name)))
          return fail(done, missing('open', name))
        const created = new Sectors(this.slab)
        if (!incarnation.isDead) names.link(name, created)
        later(() => done(undefined, open(name, created)))
      },
      makeDirectory: (path, done) => {
        const name = normalPath(path)
        for (let parent = name; parent !== '' && !incarnation.isDead; parent = parentOf(parent)) {
          names.directories.add(parent)
        }
        later(() => done(undefined))
      },
      list: (directory, done) => {
        later(() => done(undefined, names.list(normalPath(directory))))
      },
      rename: (from, to, done) => {
        const source = normalPath(from)
        const target = normalPath(to)
        if (names.get(source) === undefined || !names.directories.has(parentOf(target))) {
          return fail(done, missing('rename', source))
        }
        if (!incarnation.isDead) names.rename(source, target)
        later(() => done(undefined))
      },
      remove: (path, done) => {
        const name = normalPath(path)
        if (names.get(name) === undefined) return fail(done, missing('remove', name))
        if (!incarnation.isDead) names.unlink(name)
        later(() => done(undefined))
      },
      syncDirectory: (directory, done) => {
        const name = normalPath(directory)
        if (!names.directories.has(name)) return fail(done, missing('sync', name))
        const mark = names.mark()
        this.stallRandomly()
        this.later(incarnation, this.faults.syncLatencyMs, 0, () => {
          if (this.strikes(this.faults.syncErrorProbability)) return done(failedSync(name))
          names.synced(name, mark)
          done(undefined)
        })
      },
    }

    function missing(action: string, path: string): DiskError {
      return new DiskError('missing', path, `cannot ${action} ${path}: there is no such file or directory`)
    }

    function open(path: string, sectors: Sectors): DiskFile {
      return new SimulatedFile(path, sectors, incarnation)
    }
  }
}

export function failedSync(path: string): DiskError {
  return new DiskError('failed', path, `cannot sync ${path}: the disk reported an error`)
}
