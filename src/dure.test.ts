import { expect, test } from 'vitest'
import { utf8 } from './foundation/bytes.ts'
import { type Cursor, type KeyspaceChange, open } from './index.ts'
import type { Engine } from './ports/key-value/engine.ts'
import { ManualClock } from './ports/key-value/reference/manual-clock.ts'
import { ReferenceModel } from './ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from './ports/key-value/reference/reference-store.ts'

const reference = (model = new ReferenceModel()): Engine => ({
  name: 'reference',
  open: async () => new ReferenceStore(model),
})

async function take<Item>(items: AsyncIterable<Item>, count: number): Promise<Item[]> {
  const taken: Item[] = []
  for await (const item of items) if (taken.push(item) === count) break
  return taken
}

test('an engine is opened by its factory, and another client of it sees the same data', async () => {
  const model = new ReferenceModel()
  await using dure = await open({ engine: reference(model) })
  await using other = await open({ engine: reference(model) })
  await dure.keyspace<string>('config').put('a', 'x')
  expect((await other.keyspace<string>('config').get('a')).value).toBe('x')
  expect(dure.store.guarantees.engine).toBe('reference')
})

test('exactly one way to open is accepted', async () => {
  const both = { engine: reference(), directory: './data' }
  await expect(open(both)).rejects.toMatchObject({ code: 'invalid' })
  await expect(open({} as { directory: string })).rejects.toMatchObject({ code: 'invalid' })
})

test('a watch of a keyspace sees typed changes of its prefix, from a cursor on', async () => {
  await using dure = await open({ engine: reference() })
  const config = dure.keyspace<{ on: boolean }>('config')
  const other = dure.keyspace<string>('configuration')
  await config.put('flags/before', { on: true })
  const cursor: Cursor = await dure.cursor()
  await config.put('flags/a', { on: true })
  await other.put('flags/a', 'of another keyspace')
  await config.put('limits/a', { on: false })
  await config.delete('flags/a')
  const { signal } = new AbortController()
  const changes = await take(config.watch({ prefix: 'flags/', from: cursor, signal }), 2)
  expect(changes).toMatchObject([
    { kind: 'put', key: 'flags/a', value: { on: true } },
    { kind: 'delete', key: 'flags/a' },
  ])
  const rest: KeyspaceChange<{ on: boolean }>[] = await take(config.watch({ from: changes[0]!.cursor }), 2)
  expect(rest.map(({ kind, key }) => [kind, key])).toEqual([
    ['put', 'limits/a'],
    ['delete', 'flags/a'],
  ])
  const ranged = config.watch({ range: { from: 'g', to: 'm' }, from: cursor })
  expect(await take(ranged, 1)).toMatchObject([{ key: 'limits/a', value: { on: false } }])
  expect(() => config.watch({ prefix: 'a', range: { from: 'a' } })).toThrow('choose one')
})

test('a watch of a keyspace ends with its block, and says when a value is not of its codec', async () => {
  await using dure = await open({ engine: reference() })
  const config = dure.keyspace('config')
  const cursor = await dure.cursor()
  await dure.store.put(utf8('config\0a'), utf8('{half'))
  await config.put('b', 1)
  const broken = config.watch({ from: cursor })
  await expect(take(broken, 1)).rejects.toMatchObject({ code: 'corrupt' })
  expect(await take(config.watch({ from: broken.cursor! }), 1)).toMatchObject([{ key: 'b', value: 1 }])
  let seen: KeyspaceChange<unknown>[] = []
  {
    await using watch = config.watch()
    await watch.ready
    seen = await Promise.all([take(watch, 1), watch.close()]).then(([changes]) => changes)
  }
  expect(seen).toEqual([])
})

test('entries go with their lease or after their time, in a put and in a commit', async () => {
  const clock = new ManualClock()
  await using dure = await open({ engine: reference(new ReferenceModel(clock)) })
  const sessions = dure.keyspace<string>('sessions')
  const keys = async () => {
    const found: string[] = []
    for await (const { key } of sessions.list()) found.push(key)
    return found
  }
  const lease = await dure.lease({ ttlMs: 10_000 })
  await sessions.put('held', 'x', { lease })
  await sessions.put('cached', 'x', { ttlMs: 60_000 })
  await sessions.commit({
    operations: [
      { kind: 'put', key: 'held too', value: 'x', lease },
      { kind: 'put', key: 'brief', value: 'x', ttlMs: 1_000 },
      { kind: 'put', key: 'for good', value: 'x' },
    ],
  })
  await clock.advance(2_000)
  expect(await keys()).toEqual(['cached', 'for good', 'held', 'held too'])
  await lease.release()
  expect(await keys()).toEqual(['cached', 'for good'])
  await clock.advance(60_000)
  expect(await keys()).toEqual(['for good'])
})
