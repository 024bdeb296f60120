import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../foundation/bytes.ts'
import type { Disk, DiskError, DiskFile } from '../disk.ts'
import type { Runtime } from '../runtime.ts'
import { onlyFaults } from '../testing/world.ts'
import type { DiskFaults } from './faults.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import { Simulation } from './simulation.ts'

const SECTOR = 512

interface Machine {
  readonly world: Simulation
  readonly process: SimulatedProcess
  readonly runtime: Runtime
  /** Asks for something, and runs the world until it has ended. */
  ask<Value>(request: (done: (error: DiskError | undefined, value: Value) => void) => void): Value
  refused(request: (done: (error: DiskError | undefined) => void) => void): DiskError
  open(path: string): DiskFile
}

function machine(seed: number, faults: Partial<DiskFaults> = {}): Machine {
  const world = new Simulation({ seed, faults: onlyFaults({ disk: faults }) })
  const process = world.spawn('node', { nodeId: 1 })
  let runtime: Runtime | undefined
  process.startNow((given) => {
    runtime = given
  })
  const outcome = <Value>(request: (done: (error: DiskError | undefined, value: Value) => void) => void) => {
    let end: { error: DiskError | undefined; value: Value } | undefined
    request((error, value) => {
      end = { error, value }
    })
    expect(world.runUntil(() => end !== undefined, { withinMs: 60_000 })).toBe(true)
    return end!
  }
  const ask: Machine['ask'] = (request) => {
    const { error, value } = outcome(request)
    expect(error).toBeUndefined()
    return value
  }
  return {
    world,
    process,
    runtime: runtime!,
    ask,
    refused: (request) => outcome<void>(request).error!,
    open: (path) => ask<DiskFile>((done) => (runtime!.disk as Disk).open(path, { create: true }, done)),
  }
}

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)

/** What a crash makes of a file: synced ones, then twos that were not synced. */
function afterCrash(seed: number, faults: Partial<DiskFaults>): Uint8Array {
  const { ask, open, runtime, process } = machine(seed, faults)
  const file = open('a')
  ask((done) => file.writeSynced(0, filled(8 * SECTOR, 1), done))
  ask((done) => runtime.disk.syncDirectory('', done))
  ask((done) => file.write(0, filled(8 * SECTOR, 2), done))
  process.crash()
  return process.disk.peek('a')!
}

const seeds = Array.from({ length: 60 }, (_, i) => i + 1)
const kind = (bytes: Uint8Array): string => [...new Set(bytes)].sort().join('')

describe('a crash', () => {
  test('leaves unsynced bytes alone while that fault is off', () => {
    for (const seed of seeds) expect(kind(afterCrash(seed, {}))).toBe('2')
  })

  test('loses unsynced bytes: all of them, or none while tearing is off', () => {
    const kinds = new Set(seeds.map((seed) => kind(afterCrash(seed, { loseUnsynced: true }))))
    expect([...kinds].sort()).toEqual(['1', '2'])
  })

  test('tears unsynced bytes at the sectors', () => {
    const found = seeds.map((seed) => afterCrash(seed, { loseUnsynced: true, tear: true }))
    expect([...new Set(found.map(kind))].sort()).toEqual(['1', '12', '2'])
    for (const bytes of found) {
      for (let start = 0; start < bytes.length; start += SECTOR) {
        expect(new Set(bytes.subarray(start, start + SECTOR)).size).toBe(1)
      }
    }
  })

  test('never loses what was synced', () => {
    for (const seed of seeds) {
      const { ask, open, runtime, process } = machine(seed, { loseUnsynced: true, tear: true })
      const file = open('a')
      ask((done) => file.write(0, filled(3_000, 1), done))
      ask((done) => file.sync(done))
      ask((done) => file.writeSynced(3_000, filled(3_000, 2), done))
      ask((done) => runtime.disk.syncDirectory('', done))
      process.crash()
      expect(process.disk.peek('a')).toEqual(concatBytes([filled(3_000, 1), filled(3_000, 2)]))
    }
  })

  test('may lose names that were not synced, and never those that were', () => {
    const found = seeds.map((seed) => {
      const { ask, open, runtime, process } = machine(seed, { loseUnsynced: true })
      open('old')
      open('kept')
      ask((done) => runtime.disk.syncDirectory('', done))
      open('new')
      ask((done) => runtime.disk.rename('old', 'renamed', done))
      ask((done) => runtime.disk.remove('kept', done))
      process.crash()
      return ['old', 'kept', 'new', 'renamed']
        .filter((name) => process.disk.peek(name) !== undefined)
        .join(' ')
    })
    expect([...new Set(found)].sort()).toEqual([
      'kept new renamed',
      'new renamed',
      'old kept',
      'old kept new',
    ])
  })

  test('keeps the names of the directory that was synced, not those that came later or stand elsewhere', () => {
    const found = seeds.map((seed) => {
      const { ask, open, runtime, process } = machine(seed, { loseUnsynced: true })
      ask((done) => runtime.disk.makeDirectory('other', done))
      open('other/a')
      open('here')
      ask((done) => {
        runtime.disk.syncDirectory('', done)
        // Asked for after the sync, and so not covered by it.
        runtime.disk.open('late', { create: true }, () => {})
      })
      process.crash()
      return ['here', 'late', 'other/a'].filter((name) => process.disk.peek(name) !== undefined).join(' ')
    })
    expect([...new Set(found)].sort()).toEqual(['here', 'here late other/a', 'here other/a'])
  })

  test('during a sync leaves it open whether that sync counted', () => {
    const kinds = new Set(
      seeds.map((seed) => {
        const { ask, open, runtime, process } = machine(seed, { loseUnsynced: true })
        const file = open('a')
        ask((done) => runtime.disk.syncDirectory('', done))
        file.writeSynced(0, filled(SECTOR, 1), () => expect.fail('the process is dead'))
        process.crash()
        return process.disk.peek('a')!.length
      }),
    )
    expect(kinds).toEqual(new Set([0, SECTOR]))
  })

  test('frees the lock', () => {
    const { ask, runtime, process, world } = machine(1)
    ask((done) => runtime.disk.lock(done))
    let reason: string | undefined
    process.crash()
    process.start((next) => next.disk.lock((error) => (reason = error?.reason ?? 'held')))
    world.run({ untilMs: 1_000 })
    expect(reason).toBe('held')
  })

  test('leaves an empty directory when the disk was wiped', () => {
    const { ask, open, process } = machine(1)
    const file = open('a')
    ask((done) => file.writeSynced(0, filled(10, 1), done))
    process.crash()
    process.wipeDisk()
    expect(process.disk.peek('a')).toBeUndefined()
    expect(process.disk.usedBytes).toBe(0)
  })
})

describe('a disk', () => {
  test('fails syncs, of files and of names', () => {
    const { open, refused, runtime, process } = machine(1)
    const file = open('a')
    process.disk.setFaults({ syncErrorProbability: 1 })
    expect(refused((done) => file.sync(done)).reason).toBe('failed')
    expect(refused((done) => file.writeSynced(0, filled(1, 1), done)).reason).toBe('failed')
    expect(refused((done) => runtime.disk.syncDirectory('', done)).reason).toBe('failed')
  })

  test('stands still', () => {
    const { world, ask, open, process } = machine(1)
    const file = open('a')
    process.disk.setFaults({ stallProbability: 1, stallMs: { min: 500, max: 600 } })
    const startMs = world.nowMs
    ask((done) => file.sync(done))
    expect(world.nowMs - startMs).toBeGreaterThan(500)
    process.disk.setFaults({ stallProbability: 0 })
    const laterMs = world.nowMs
    ask((done) => file.sync(done))
    expect(world.nowMs - laterMs).toBeLessThan(2)
  })

  test('fills up, and has room again after a removal', () => {
    const { ask, open, refused, runtime, process } = machine(1)
    process.disk.setFaults({ capacityBytes: 16_384 })
    const file = open('a')
    ask((done) => file.write(0, filled(16_384, 1), done))
    const other = open('b')
    const error = refused((done) => other.writeSynced(0, filled(1, 1), done))
    expect(error.reason).toBe('full')
    expect(error.path).toBe('b')
    ask((done) => file.write(0, filled(100, 2), done))
    ask((done) => runtime.disk.remove('a', done))
    ask((done) => runtime.disk.syncDirectory('', done))
    ask((done) => other.writeSynced(0, filled(1, 1), done))
  })

  test('damages no more than the plan allows', () => {
    const { ask, open, process } = machine(1)
    const file = open('a')
    ask((done) => file.writeSynced(0, filled(1_000, 0), done))
    process.disk.setFaults({ readCorruptionProbability: 1, damagedProcessesMax: 0 })
    ask<Uint8Array>((done) => file.read(0, 1_000, done))
    expect(kind(process.disk.peek('a')!)).toBe('0')
  })

  test('flips a bit for good', () => {
    const { ask, open, process } = machine(1)
    const file = open('a')
    ask((done) => file.writeSynced(0, filled(1_000, 0), done))
    process.disk.setFaults({ readCorruptionProbability: 1, damagedProcessesMax: 1 })
    const found = ask<Uint8Array>((done) => file.read(0, 1_000, done))
    expect(found.filter((byte) => byte !== 0).length).toBe(1)
    process.disk.setFaults({ readCorruptionProbability: 0 })
    expect(ask<Uint8Array>((done) => file.read(0, 1_000, done))).toEqual(found)
  })

  test('puts a write where it does not belong', () => {
    const misplaced = seeds.filter((seed) => {
      const { ask, open, process } = machine(seed)
      const file = open('a')
      ask((done) => file.writeSynced(0, filled(8 * SECTOR, 1), done))
      process.disk.setFaults({ misdirectedWriteProbability: 1, damagedProcessesMax: 1 })
      ask((done) => file.writeSynced(0, filled(SECTOR, 2), done))
      const bytes = process.disk.peek('a')!
      expect(bytes.filter((byte) => byte === 2).length).toBe(SECTOR)
      return bytes[0] !== 2
    })
    expect(misplaced.length).toBeGreaterThan(seeds.length / 2)
  })

  test('loses a write and calls it done', () => {
    const { ask, open, process } = machine(1)
    const file = open('a')
    process.disk.setFaults({ lostWriteProbability: 1, damagedProcessesMax: 1 })
    ask((done) => file.writeSynced(0, filled(SECTOR, 2), done))
    expect(process.disk.peek('a')).toEqual(filled(SECTOR, 0))
  })

  test('notices bytes that were changed while they were written', () => {
    const { open, world } = machine(1)
    const file = open('a')
    const bytes = filled(10, 1)
    file.write(0, bytes, () => {})
    bytes[0] = 9
    expect(() => world.run({ untilMs: 1_000 })).toThrow(/left alone until it ends/)
  })
})
