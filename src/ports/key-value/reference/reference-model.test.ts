import { expect, test } from 'vitest'
import { text, utf8 } from '../../../foundation/bytes.ts'
import { prefixRange } from '../prefix-range.ts'
import type { Change, Watch } from '../watch.ts'
import { ManualClock } from './manual-clock.ts'
import { ReferenceModel } from './reference-model.ts'
import { ReferenceStore } from './reference-store.ts'

const all = prefixRange(utf8(''))
const one = utf8('1')

async function next(watch: Watch): Promise<Change | undefined> {
  for await (const change of watch) return change
  return undefined
}

test('a watch from a place that was compacted says so, one from then on does not', async () => {
  const model = new ReferenceModel()
  const store = new ReferenceStore(model)
  const before = await store.cursor()
  await store.put(utf8('a'), one)
  model.compact()
  const after = await store.cursor()
  await expect(next(store.watch(all, { from: before }))).rejects.toMatchObject({ code: 'compacted' })
  await expect(store.watch(all, { from: before }).ready).rejects.toMatchObject({ code: 'compacted' })
  await store.put(utf8('b'), one)
  expect(text((await next(store.watch(all, { from: after })))!.key)).toBe('b')
})

test('a watch that waits when its place is compacted loses nothing: there was nothing left for it', async () => {
  const model = new ReferenceModel()
  const store = new ReferenceStore(model)
  const watch = store.watch(all)
  const waiting = next(watch)
  await watch.ready
  model.compact()
  await store.put(utf8('a'), one)
  expect(text((await waiting)!.key)).toBe('a')
})

test('a watch that is too slow gets what it took before, and then hears that the rest is gone', async () => {
  const model = new ReferenceModel()
  const store = new ReferenceStore(model)
  const from = await store.cursor()
  await store.put(utf8('a'), one)
  await store.put(utf8('b'), one)
  const seen: string[] = []
  const reading = async () => {
    for await (const { key } of store.watch(all, { from })) {
      seen.push(text(key))
      model.compact()
    }
  }
  await expect(reading()).rejects.toMatchObject({ code: 'compacted' })
  expect(seen).toEqual(['a'])
})

test('what is due goes in the order of its time, each by a commit of its own', async () => {
  const clock = new ManualClock()
  const model = new ReferenceModel(clock)
  const store = new ReferenceStore(model)
  await store.put(utf8('late'), one, { ttlMs: 300 })
  await store.put(utf8('soon'), one, { ttlMs: 100 })
  const lease = await store.lease({ ttlMs: 200 })
  await store.put(utf8('b of a lease'), one, { lease })
  await store.put(utf8('a of a lease'), one, { lease })
  const from = await store.cursor()
  store.abandon()
  await clock.advance(1_000)
  const seen: [string, number][] = []
  for await (const { kind, key, version } of new ReferenceStore(model).watch(all, { from })) {
    expect(kind).toBe('delete')
    if (seen.push([text(key), version]) === 4) break
  }
  expect(seen).toEqual([
    ['soon', 5],
    ['a of a lease', 6],
    ['b of a lease', 6],
    ['late', 7],
  ])
})
