import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause } from '../../src/fixture/wait-for.ts'
import { text, utf8 } from '../../src/foundation/bytes.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { prefixRange } from '../../src/ports/key-value/prefix-range.ts'
import type { Change, Watch } from '../../src/ports/key-value/watch.ts'
import { EtcdAdmin } from './etcd-admin.ts'
import { EtcdCluster, etcdPrograms, eventually, openStore, requireEtcd } from './etcd-cluster.ts'
import { TcpDoor } from './tcp-door.ts'

const one = utf8('1')
const everything = { from: new Uint8Array(0) }

describe.runIf(requireEtcd())('watches on etcd', { timeout: 60_000 }, () => {
  const cluster = new EtcdCluster({ program: etcdPrograms[0]! })
  let store: KeyValueStore
  let door: TcpDoor
  let behindDoor: KeyValueStore
  beforeAll(async () => {
    await cluster.start()
    store = await openStore(cluster)
    door = await TcpDoor.before(cluster.endpoints[0]!)
    behindDoor = await openStore(cluster, { endpoints: [door.endpoint] })
  }, 60_000)
  afterAll(async () => {
    await store.close()
    await behindDoor.close()
    await door[Symbol.asyncDispose]()
    await cluster[Symbol.asyncDispose]()
  })

  test('what the engine keeps for itself shows in no watch and no range', async () => {
    await using watch = store.watch(everything)
    await watch.ready
    const lease = await store.lease({ ttlMs: 5_000 })
    await store.put(utf8('\0before'), one, { idempotencyKey: 'shown nowhere' })
    await store.put(utf8('held'), one, { lease })
    await lease.release()
    await store.put(utf8('\0z'), one)
    const seen = await take(watch, 4)
    expect(seen.map(({ kind, key }) => `${kind} ${text(key)}`)).toEqual([
      'put \0before',
      'put held',
      'delete held',
      'put \0z',
    ])
    const rows: string[] = []
    for await (const { key } of store.range(everything, { pageSize: 1 })) rows.push(text(key))
    expect(rows).toEqual(['\0before', '\0z'])
  })

  test('a cursor from the middle of a commit goes on in every range that has its change, and in no other', async () => {
    await using watch = store.watch(prefixRange(utf8('mid/')))
    await watch.ready
    const puts = ['mid/a1', 'mid/b1', 'mid/a2', 'mid/b2'].map((key) => ({
      kind: 'put' as const,
      key: utf8(key),
      value: one,
    }))
    await store.commit({ operations: puts })
    await store.put(utf8('mid/a3'), one)
    const [first, second] = await take(watch, 2)
    const after = async (from: Change, prefix: string, count: number) => {
      const changes = await take(store.watch(prefixRange(utf8(prefix)), { from: from.cursor }), count)
      return changes.map(({ key }) => text(key))
    }
    expect(await after(first!, 'mid/a', 2)).toEqual(['mid/a2', 'mid/a3'])
    expect(await after(second!, 'm', 3)).toEqual(['mid/a2', 'mid/b2', 'mid/a3'])
    await expect(after(second!, 'mid/a', 1)).rejects.toMatchObject({ code: 'unsupported' })
  })

  test('a watch goes on where it was when its connection breaks again and again', async () => {
    await using watch = behindDoor.watch(prefixRange(utf8('cut/')))
    await watch.ready
    const count = 300
    const writing = (async () => {
      for (let i = 0; i < count; i++) {
        // Each transaction has two changes, so that a break may come between them.
        const puts = ['a', 'b'].map((name) => ({
          kind: 'put' as const,
          key: utf8(`cut/${name}`),
          value: utf8(`${i}`),
        }))
        await store.commit({ operations: puts })
        if (i % 50 === 25) door.cut()
      }
    })()
    const seen = await take(watch, count * 2)
    await writing
    expect(door.connections).toBeGreaterThan(3)
    expect(seen.map((change) => change.kind === 'put' && text(change.value))).toEqual(
      Array.from({ length: count * 2 }, (_, i) => `${Math.floor(i / 2)}`),
    )
  })

  test('a watch that nobody reads holds etcd back, and others on its connection go on', async () => {
    await using slow = store.watch(prefixRange(utf8('heavy/')))
    await slow.ready
    await using quick = store.watch(prefixRange(utf8('heavy/')))
    await quick.ready
    const value = new Uint8Array(200_000).fill(1)
    const count = 200
    const reading = take(quick, count)
    for (let i = 0; i < count; i++) await store.put(utf8(`heavy/${i % 5}`), value)
    expect((await reading).length).toBe(count)
    const versions = (await take(slow, count)).map(({ version }) => version as number)
    expect(versions).toEqual(versions.toSorted((left, right) => left - right))
    expect(new Set(versions).size).toBe(count)
  })

  test('changes of megabytes that come in fragments are put together', async () => {
    const from = await store.cursor()
    const value = new Uint8Array(1_000_000)
    for (let i = 0; i < 8; i++) await store.put(utf8(`fragments/${i}`), value)
    const seen = await take(store.watch(prefixRange(utf8('fragments/')), { from }), 8)
    expect(seen.map((change) => change.kind === 'put' && change.value.length)).toEqual(
      seen.map(() => 1_000_000),
    )
  })

  test('a quiet watch comes along with the cluster, so that compaction does not end it', async ({ skip }) => {
    const version = /\d+\.\d+\.\d+/.exec(cluster.version)![0]
    const [, minor = 0, patch = 0] = version.split('.').map(Number)
    skip(minor < 5 && patch < 25, `etcd ${version} tells no exact progress`)
    await using watch = behindDoor.watch(prefixRange(utf8('quiet/')))
    const began = await watch.ready
    const { version: revision } = await store.put(utf8('other'), one)
    await eventually('the cursor moves', () => watch.cursor !== began)
    await store.put(utf8('other'), one)
    await pause(2_500)
    await new EtcdAdmin(cluster.endpoints[0]!).compact(revision + 1)
    door.cut()
    await store.put(utf8('quiet/a'), one)
    expect((await take(watch, 1)).map(({ key }) => text(key))).toEqual(['quiet/a'])
  })
})

async function take(watch: Watch, count: number): Promise<Change[]> {
  const changes = watch[Symbol.asyncIterator]()
  const taken: Change[] = []
  while (taken.length < count) {
    const { value, done } = await changes.next()
    if (done === true) throw new Error(`the watch ended after ${taken.length} of ${count} changes`)
    taken.push(value)
  }
  return taken
}
