import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../seeded-random.ts'
import { SECTOR_BYTES, Sectors } from './sectors.ts'

const SIZE = 10_000

type Step =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }
  | { readonly kind: 'sync' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      offset: fc.nat(SIZE),
      bytes: fc
        .tuple(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 255 }))
        .map(([length, value]) => new Uint8Array(length).fill(value)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), size: fc.nat(SIZE) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'sync' as const }) },
)

/** A file as everybody imagines it. */
function applyTo(model: Uint8Array, step: Step): Uint8Array {
  switch (step.kind) {
    case 'write': {
      const grown = new Uint8Array(Math.max(model.length, step.offset + step.bytes.length))
      grown.set(model)
      grown.set(step.bytes, step.offset)
      return grown
    }
    case 'truncate': {
      const cut = new Uint8Array(step.size)
      cut.set(model.subarray(0, step.size))
      return cut
    }
    case 'sync':
      return model
  }
}

function applyToSectors(sectors: Sectors, step: Step): void {
  switch (step.kind) {
    case 'write':
      sectors.write(step.offset, step.bytes)
      return
    case 'truncate':
      sectors.truncate(step.size)
      return
    case 'sync':
      sectors.synced(sectors.seal())
  }
}

const content = (sectors: Sectors): Buffer => Buffer.from(sectors.read(0, sectors.sizeBytes))

describe('the sectors of a simulated file', () => {
  test('read as any file does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.nat(SIZE), fc.nat(SIZE), (steps, offset, length) => {
        const sectors = new Sectors()
        let model: Uint8Array = new Uint8Array(0)
        for (const each of steps) {
          applyToSectors(sectors, each)
          model = applyTo(model, each)
        }
        expect(content(sectors).equals(model)).toBe(true)
        const part = model.subarray(offset, offset + length)
        expect(Buffer.from(sectors.read(offset, length)).equals(part)).toBe(true)
      }),
    )
  })

  test('after a crash hold what was synced, and each sector is as it was at some time since', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.nat(), (steps, seed) => {
        const sectors = new Sectors()
        let model: Uint8Array = new Uint8Array(0)
        let since: Uint8Array[] = [model]
        for (const each of steps) {
          applyToSectors(sectors, each)
          model = applyTo(model, each)
          since = each.kind === 'sync' ? [model] : [...since, model]
        }
        sectors.settle(new SeededRandom(seed), true)
        const found = content(sectors)
        expect(since.map(({ length }) => length)).toContain(found.length)
        if (since.length === 1) expect(found.equals(model)).toBe(true)
        const sectorOf = (bytes: Uint8Array, start: number): string => {
          const sector = Buffer.alloc(SECTOR_BYTES)
          sector.set(bytes.subarray(start, Math.min(start + SECTOR_BYTES, found.length)))
          return sector.toString('latin1')
        }
        for (let start = 0; start + SECTOR_BYTES <= found.length; start += SECTOR_BYTES) {
          expect(since.map((past) => sectorOf(past, start))).toContain(sectorOf(found, start))
        }
        // Settled is settled.
        sectors.settle(new SeededRandom(seed + 1), true)
        expect(content(sectors).equals(found)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('that a failed sync had covered are lost by a crash, even if a later sync succeeds', () => {
    let lost = 0
    for (let seed = 0; seed < 50; seed++) {
      const sectors = new Sectors()
      sectors.write(0, new Uint8Array(SECTOR_BYTES).fill(1))
      sectors.synced(sectors.seal())
      sectors.write(0, new Uint8Array(SECTOR_BYTES).fill(2))
      sectors.syncFailed(sectors.seal())
      sectors.synced(sectors.seal())
      sectors.settle(new SeededRandom(seed), true)
      if (content(sectors)[0] === 1) lost++
    }
    expect(lost).toBeGreaterThan(5)
    expect(lost).toBeLessThan(50)
  })
})
