import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import { LastWriteWinsStore } from './last-write-wins-store.ts'
import { LinearizableStore } from './linearizable-store.ts'
import { SequentialStore } from './sequential-store.ts'
import type { Service } from './service.ts'
import { TimestampOracle } from './timestamp-oracle.ts'

const read = (service: Service, client: string, key: unknown = 'x') =>
  service.handle({ type: 'read', key }, client)
const write = (service: Service, client: string, value: unknown, key: unknown = 'x') =>
  service.handle({ type: 'write', key, value }, client)

describe('lin-kv', () => {
  it('reads what was written, by keys of any kind', () => {
    const store = new LinearizableStore()
    expect(read(store, 'a')).toMatchObject({ type: 'error', code: 20 })
    expect(write(store, 'a', [1], { b: 1, a: 2 })).toEqual({ type: 'write_ok' })
    expect(read(store, 'b', { a: 2, b: 1 })).toEqual({ type: 'read_ok', value: [1] })
    expect(read(store, 'b', 1)).toMatchObject({ code: 20 })
  })

  it('compares and sets', () => {
    const store = new LinearizableStore()
    const cas = (from: unknown, to: unknown, more = {}) =>
      store.handle({ type: 'cas', key: 'x', from, to, ...more })
    expect(cas(null, 1)).toMatchObject({ code: 20 })
    expect(cas(null, { v: 1 }, { create_if_not_exists: true })).toEqual({ type: 'cas_ok' })
    expect(cas(0, 2)).toMatchObject({ code: 22 })
    expect(cas({ v: 1 }, 2)).toEqual({ type: 'cas_ok' })
    expect(read(store, 'a')).toEqual({ type: 'read_ok', value: 2 })
  })

  it('says what it does not know', () => {
    expect(new LinearizableStore().handle({ type: 'delete', key: 1 })).toMatchObject({ code: 10 })
  })
})

describe('seq-kv', () => {
  it('shows some clients the past, and nobody what was before what he saw', () => {
    const store = new SequentialStore(new SeededRandom(1))
    const seen = new Map<string, number>()
    let behind = 0
    for (let value = 1; value <= 500; value++) {
      write(store, 'writer', value)
      expect(read(store, 'writer').value).toBe(value)
      for (const client of ['a', 'b']) {
        const found = Number(read(store, client).value ?? 0)
        expect(found).toBeGreaterThanOrEqual(seen.get(client) ?? 0)
        seen.set(client, found)
        if (found < value) behind++
      }
    }
    expect(behind).toBeGreaterThan(100)
  })

  it('exchanges only what is there now', () => {
    const store = new SequentialStore(new SeededRandom(2))
    write(store, 'writer', 0)
    let done = 0
    for (let i = 0; i < 100; i++) {
      const { type } = store.handle({ type: 'cas', key: 'x', from: done, to: done + 1 }, `c${i}`)
      if (type === 'cas_ok') done++
    }
    expect(read(store, 'writer').value).toBeLessThanOrEqual(done)
    write(store, 'writer', 'last')
    expect(read(store, 'writer').value).toBe('last')
  })
})

describe('lww-kv', () => {
  it('forgets what it said, and agrees in the end', () => {
    const store = new LastWriteWinsStore(new SeededRandom(3))
    let stale = 0
    for (let value = 0; value < 100; value++) {
      write(store, 'a', value)
      if (read(store, 'a').value !== value) stale++
    }
    expect(stale).toBeGreaterThan(10)
    for (let i = 0; i < 500; i++) read(store, 'a')
    const settled = new Set(Array.from({ length: 50 }, () => read(store, 'a').value))
    expect(settled.size).toBe(1)
  })
})

describe('lin-tso', () => {
  it('counts', () => {
    const oracle = new TimestampOracle()
    expect([1, 2, 3].map(() => oracle.handle({ type: 'ts' }).ts)).toEqual([0, 1, 2])
  })
})
