import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../../foundation/bytes.ts'
import type { RowChange } from '../../table.ts'
import { rowName } from '../key.ts'
import { keyHash } from './key-hash.ts'
import { Overlay, type OverlayView } from './overlay.ts'
import { unpack } from './packed-rows.ts'
import { CHUNK_BYTES, ChunkPool } from './row-chunks.ts'
import { NOT_HERE } from './row-index.ts'

/** Few hashes, so that keys meet in the index. */
const poorHash = (key: Uint8Array): number => keyHash(key, 1) & 3

type Model = Map<string, Uint8Array | undefined>

const changesOf = (view: OverlayView, from = ''): [string, RowChange][] =>
  [...view.from(new Uint8Array(Buffer.from(from, 'latin1')))].map(([name, change]) => [name, change])

const expectedOf = (model: Model, from = ''): [string, RowChange][] =>
  [...model.keys()]
    .filter((name) => name >= from)
    .sort()
    .map((name) => [name, { key: new Uint8Array(Buffer.from(name, 'latin1')), value: model.get(name) }])

function read(overlay: Overlay, key: Uint8Array, bytesMax = Number.POSITIVE_INFINITY): unknown {
  const address = overlay.find(key, poorHash(key))
  return address === NOT_HERE ? 'not here' : overlay.valueAt(address, bytesMax)
}

function written(overlay: Overlay): Model {
  const rows: Model = new Map()
  for (const packed of overlay.packed()) {
    unpack(packed, (key, value) => {
      const name = rowName(Buffer.from(key))
      expect(rows.has(name), 'a key is written once').toBe(false)
      rows.set(name, value === undefined ? undefined : new Uint8Array(value))
    })
  }
  return rows
}

const key = fc.constantFrom(
  ...['', 'a', 'b', 'ab', 'abc', 'abcd', 'abcde', '\x00', 'é', 'zz'].map((name) => utf8(name)),
)
const value = fc.oneof(
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(30_000, 33_000, CHUNK_BYTES + 1)
      .map((length) => new Uint8Array(length).fill(length)),
  },
)
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('set' as const), key, value }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('freeze' as const, 'close' as const, 'scan' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('next overlay' as const) }) },
)

test('an overlay is a map that can be frozen, whatever is written over what', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const pool = new ChunkPool()
      let overlay = new Overlay(pool)
      let model: Model = new Map()
      const views: { readonly view: ReturnType<Overlay['freeze']>; readonly model: Model }[] = []
      for (const action of steps) {
        if (action.do === 'set') {
          overlay.set(action, poorHash(action.key))
          model.set(rowName(action.key), action.value)
          expect(read(overlay, action.key)).toEqual(action.value)
        } else if (action.do === 'freeze') {
          views.push({ view: overlay.freeze(), model: new Map(model) })
        } else if (action.do === 'close') {
          views.pop()?.view.close()
        } else if (action.do === 'scan') {
          expect(changesOf(overlay, 'ab')).toEqual(expectedOf(model, 'ab'))
        } else {
          expect(written(overlay)).toEqual(model)
          const next = new Overlay(pool, overlay)
          overlay.release()
          overlay = next
          model = new Map()
        }
      }
      for (const { view, model: then } of views) expect(changesOf(view)).toEqual(expectedOf(then))
      for (const [name, { value: held }] of expectedOf(model)) {
        const named = new Uint8Array(Buffer.from(name, 'latin1'))
        expect(read(overlay, named)).toEqual(held)
        expect(read(overlay, named, 3)).toEqual(held?.subarray(0, 3))
      }
      expect(written(overlay)).toEqual(model)
    }),
  )
})

describe('memory', () => {
  const set = (overlay: Overlay, name: string, bytes: number): void =>
    overlay.set({ key: utf8(name), value: new Uint8Array(bytes) }, keyHash(utf8(name), 7))

  test('a row that is written again takes no more of it, unless somebody may still read what it was', () => {
    const overlay = new Overlay(new ChunkPool())
    set(overlay, 'a', 256)
    const { sizeBytes } = overlay
    for (let i = 0; i < 100; i++) set(overlay, 'a', 256 - i)
    expect(overlay.sizeBytes).toBe(sizeBytes)
    const view = overlay.freeze()
    set(overlay, 'a', 256)
    expect(overlay.sizeBytes).toBe(2 * sizeBytes)
    view.close()
    set(overlay, 'a', 100)
    expect(overlay.sizeBytes).toBe(2 * sizeBytes)
  })

  test('is used again once an overlay was let go, but not while a frozen view reads it', () => {
    const pool = new ChunkPool()
    const first = new Overlay(pool)
    set(first, 'a', 10)
    const [memory] = first.packed()
    const view = first.freeze()
    first.release()
    const second = new Overlay(pool)
    set(second, 'b', 10)
    expect(second.packed()[0]!.memory).not.toBe(memory!.memory)
    view.close()
    second.release()
    const third = new Overlay(pool)
    set(third, 'c', 10)
    expect(third.packed()[0]!.memory).toBe(second.packed()[0]!.memory)
  })

  test('bytes that were given out stay as they are', () => {
    const overlay = new Overlay(new ChunkPool())
    const name = utf8('a')
    overlay.set({ key: name, value: utf8('before') }, poorHash(name))
    const held = read(overlay, name)
    const [[, change]] = changesOf(overlay) as [[string, RowChange]]
    overlay.set({ key: name, value: utf8('after!') }, poorHash(name))
    expect(held).toEqual(utf8('before'))
    expect(change.value).toEqual(utf8('before'))
  })
})

test('a hundred thousand keys are found, and none that is not there', () => {
  const overlay = new Overlay(new ChunkPool())
  const hashes = new Set<number>()
  for (let i = 0; i < 100_000; i++) {
    const key = utf8(`users/${i}`)
    const hash = keyHash(key, 3)
    hashes.add(hash)
    overlay.set({ key, value: utf8(String(i)) }, hash)
  }
  // About one pair meets among so many of 32 bits.
  expect(hashes.size).toBeGreaterThan(99_980)
  for (let i = 0; i < 100_000; i += 7) {
    const key = utf8(`users/${i}`)
    expect(overlay.valueAt(overlay.find(key, keyHash(key, 3)), 10)).toEqual(utf8(String(i)))
    const other = utf8(`user/${i}`)
    expect(overlay.find(other, keyHash(other, 3))).toBe(NOT_HERE)
  }
})

test('the hash is MurmurHash3 of 32 bits', () => {
  // Known answers of the reference implementation.
  const known: [string, number, number][] = [
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['test', 0, 0xba6bd213],
    ['Hello, world!', 0, 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ]
  for (const [text, seed, hash] of known) expect(keyHash(utf8(text), seed) >>> 0).toBe(hash)
})
