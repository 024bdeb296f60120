import { afterEach, describe, expect, test } from 'vitest'
import type { EtcdOptions } from '../../src/engines/etcd/options.ts'
import { pause } from '../../src/fixture/wait-for.ts'
import { text, utf8 } from '../../src/foundation/bytes.ts'
import { DureError } from '../../src/foundation/errors.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { prefixRange } from '../../src/ports/key-value/prefix-range.ts'
import { absent } from '../../src/ports/key-value/version.ts'
import type { Change, Watch } from '../../src/ports/key-value/watch.ts'
import { EtcdAdmin } from './etcd-admin.ts'
import { EtcdCluster, etcdPrograms, eventually, openStore, requireEtcd } from './etcd-cluster.ts'

const one = utf8('1')
const everything = { from: new Uint8Array(0) }

describe.runIf(requireEtcd())('etcd on a bad day', { timeout: 90_000 }, () => {
  let cleanup = new AsyncDisposableStack()
  afterEach(async () => {
    await cleanup.disposeAsync()
    cleanup = new AsyncDisposableStack()
  })

  async function start(options: { size?: number; args?: readonly string[] } = {}): Promise<EtcdCluster> {
    const cluster = cleanup.use(new EtcdCluster({ program: etcdPrograms[0]!, ...options }))
    await cluster.start()
    return cluster
  }
  const open = async (cluster: EtcdCluster, options?: Partial<EtcdOptions>): Promise<KeyValueStore> =>
    cleanup.use(await openStore(cluster, options))

  test.each([
    ['the leader is killed', (cluster: EtcdCluster) => cluster.killLeader()],
    ['each member in turn stands still for three seconds', standStill],
    ['each member in turn is killed and comes back', killEach],
  ] as const)('clients and a watch go on when %s', async (_, disturb) => {
    const cluster = await start({ size: 3 })
    const store = await open(cluster)
    const counter = utf8('counter')
    await store.put(counter, utf8('0'))
    const watch = store.watch(prefixRange(utf8('log/')))
    await watch.ready
    const seen: string[] = []
    const watching = (async () => {
      for await (const { key } of watch) {
        if (text(key) === 'log/end') return
        seen.push(text(key))
      }
    })()

    const tally = { done: [] as string[], failed: [] as string[], unknown: 0, increments: 0 }
    let isOver = false
    const clients = Array.from({ length: 4 }, async (_unused, client) => {
      const mine = await open(cluster)
      for (let i = 0; !isOver; i++) await act(mine, `log/${client}.${i}`, counter, tally)
    })
    const acknowledged = (count: number) => () => tally.done.length >= count
    await eventually('writes are acknowledged', acknowledged(30))
    await disturb(cluster)
    await eventually('writes are acknowledged again', acknowledged(tally.done.length + 30))
    isOver = true
    await Promise.all(clients)
    await store.put(utf8('log/end'), one, { timeoutMs: 30_000 })
    await watching

    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toEqual(expect.arrayContaining(tally.done))
    for (const key of tally.failed) expect(seen).not.toContain(key)
    const count = Number(text((await store.get(counter)).value!))
    expect(count).toBeGreaterThanOrEqual(tally.increments)
    expect(count).toBeLessThanOrEqual(tally.increments + tally.unknown)
  })

  test('an etcd that goes away is unavailable, and when it comes back calls and watches go on', async () => {
    const cluster = await start()
    const store = await open(cluster)
    await store.put(utf8('a'), one)
    const watch = store.watch(everything)
    await watch.ready
    cluster.kill(0)
    const error = await store.get(utf8('a'), { timeoutMs: 1_500 }).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ outcome: 'failed', retryable: true })
    expect(['unavailable', 'timeout']).toContain((error as DureError).code)
    await expect(store.put(utf8('b'), one, { timeoutMs: 500 })).rejects.toBeInstanceOf(DureError)
    const waiting = store.put(utf8('c'), one, { timeoutMs: 30_000 })
    await cluster.restart(0)
    await waiting
    expect(await take(watch, 1)).toMatchObject([{ key: utf8('c') }])
  })

  test('a member without a vote is passed over for others, and alone it is unavailable', async () => {
    const cluster = await start()
    const store = await open(cluster)
    await store.put(utf8('a'), one)
    const learner = await cluster.addLearner()
    const alone = await open(cluster, { endpoints: [learner] })
    // It serves what needs no agreement, once it was told everything.
    const isTold = async () => {
      const found = alone.get(utf8('a'), { consistency: 'eventual', timeoutMs: 1_000 })
      return found.then(({ exists }) => exists).catch(() => false)
    }
    await eventually('the learner has everything', isTold)
    await expect(alone.get(utf8('a'), { timeoutMs: 500 })).rejects.toMatchObject({
      ...{ code: 'unavailable', outcome: 'failed', retryable: true },
      message: expect.stringContaining('name members in endpoints that vote'),
    })
    await expect(alone.put(utf8('a'), one, { timeoutMs: 500 })).rejects.toMatchObject({
      ...{ outcome: 'failed', retryable: true },
      message: expect.stringContaining('not supported for learner'),
    })
    // A store begins with either of them.
    for (let i = 0; i < 6; i++) {
      const both = await open(cluster, { endpoints: [learner, ...cluster.endpoints] })
      const watch = both.watch(everything)
      await watch.ready
      const lease = await both.lease({ ttlMs: 5_000 })
      await both.put(utf8(`held/${i}`), one, { lease })
      expect(await take(watch, 1)).toMatchObject([{ key: utf8(`held/${i}`) }])
      await both.close()
    }
  })

  test('an etcd that answers slowly delays calls, and nothing happens twice', async () => {
    const cluster = await start()
    const store = await open(cluster)
    const { version } = await store.put(utf8('a'), one)
    cluster.stop(0)
    const put = store.put(utf8('a'), utf8('2'), { ifVersion: version, timeoutMs: 20_000 })
    const short = store.get(utf8('a'), { timeoutMs: 300 })
    await expect(short).rejects.toMatchObject({ code: 'timeout', outcome: 'failed' })
    const unknown = store.put(utf8('b'), one, { timeoutMs: 400 })
    await expect(unknown).rejects.toMatchObject({ code: 'timeout', outcome: 'unknown' })
    await pause(2_500)
    cluster.go(0)
    const second = await put
    expect(await store.get(utf8('a'))).toEqual({ exists: true, value: utf8('2'), version: second.version })
  })

  test.each([
    ['under another cluster id', 'two'],
    ['under the same cluster id', 'one'],
  ])('an etcd that comes back empty, %s, is refused as another cluster', async (_, token) => {
    const cluster = await start()
    const store = await open(cluster)
    await store.put(utf8('a'), one)
    const cursor = await store.cursor()
    const watch = store.watch(everything)
    await watch.ready
    const lease = await store.lease({ ttlMs: 2_000 })

    cluster.kill(0)
    await cluster.restart(0, { wiped: true, token })
    await cluster.ready()
    const wrong = { code: 'wrong-cluster' }
    await expect(take(watch, 1)).rejects.toMatchObject(wrong)
    await expect(store.put(utf8('a'), one)).rejects.toMatchObject({ ...wrong, outcome: 'failed' })
    await expect(store.get(utf8('a'))).rejects.toMatchObject(wrong)
    await eventually('the lease is lost', () => lease.signal.aborted)

    const fresh = await open(cluster)
    expect((await fresh.get(utf8('a'))).exists).toBe(false)
    await expect(take(fresh.watch(everything, { from: cursor }), 1)).rejects.toMatchObject({
      code: 'compacted',
    })
    await fresh.put(utf8('a'), one, { ifVersion: absent })
  })

  test('what is compacted: a watch that is behind, an old cursor, the pages of a range', async () => {
    const cluster = await start()
    const store = await open(cluster)
    const admin = new EtcdAdmin(cluster.endpoints[0]!)
    for (let i = 0; i < 10; i++) await store.put(utf8(`page/${i}`), one)
    const old = await store.cursor()
    const slow = store.watch(prefixRange(utf8('fill/')))
    await slow.ready
    const pages = store.range(prefixRange(utf8('page/')), { pageSize: 2 })[Symbol.asyncIterator]()
    await pages.next()
    // More than the watch takes unread, and more than etcd keeps ready for it.
    const value = new Uint8Array(100_000)
    for (let i = 0; i < 200; i++) await store.put(utf8(`fill/${i}`), value)
    const { version } = await store.put(utf8('last'), one)
    await admin.compact(version)

    await expect(take(store.watch(everything, { from: old }), 1)).rejects.toMatchObject({ code: 'compacted' })
    const readPages = async () => {
      while (!(await pages.next()).done);
    }
    await expect(readPages()).rejects.toMatchObject({ code: 'snapshot-expired', outcome: 'failed' })
    const seen: Change[] = []
    const readAll = async () => {
      for await (const change of slow) if (seen.push(change) === 200) return 'everything'
      return 'an end'
    }
    const ended = await readAll().catch((error: unknown) => (error as DureError).code)
    // Depending on how much was on its way: all of it, or a gapless beginning and then the truth.
    expect(['everything', 'compacted']).toContain(ended)
    expect(seen.map(({ key }) => text(key))).toEqual(seen.map((_, i) => `fill/${i}`))
    const now = await store.cursor()
    await store.put(utf8('next'), one)
    expect(await take(store.watch(everything, { from: now }), 1)).toMatchObject([{ key: utf8('next') }])
  })

  test('a quota that is used up is an error of the disk, and reads go on', async () => {
    const cluster = await start({ args: ['--quota-backend-bytes', `${1 << 20}`] })
    const store = await open(cluster)
    await store.put(utf8('a'), one)
    const fill = async () => {
      for (let i = 0; i < 100; i++) await store.put(utf8(`${i}`), new Uint8Array(100_000))
    }
    await expect(fill()).rejects.toMatchObject({ code: 'disk', outcome: 'failed', retryable: false })
    expect((await store.get(utf8('a'))).value).toEqual(one)
  })

  test('a holder that was paused beyond its lease sees that it is lost before it does anything', async () => {
    const cluster = await start()
    const store = await open(cluster)
    const lease = await store.lease({ ttlMs: 2_000 })
    await store.put(utf8('held'), one, { lease })
    // The whole process stands still: no timer fires, no promise settles.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lease.ttlMs + 1_000)
    expect(lease.signal.aborted).toBe(true)
    const lost = { code: 'lease-lost', outcome: 'failed' }
    await expect(store.put(utf8('held'), one, { lease })).rejects.toMatchObject(lost)
    const next = await store.lease({ ttlMs: 2_000 })
    expect(next.token).toBeGreaterThan(lease.token)
  })

  test('a lease whose holder cannot reach etcd is lost in time, and a put with it is refused', async () => {
    const cluster = await start()
    const store = await open(cluster)
    const beganMs = performance.now()
    const lease = await store.lease({ ttlMs: 2_000 })
    await store.put(utf8('held'), one, { lease })
    await pause(2_500)
    expect(lease.signal.aborted).toBe(false)
    const stoppedMs = performance.now()
    cluster.stop(0)
    await eventually('the lease is lost', () => lease.signal.aborted)
    expect(performance.now() - stoppedMs).toBeLessThanOrEqual(lease.ttlMs + 500)
    expect(performance.now() - beganMs).toBeGreaterThan(lease.ttlMs)
    expect(lease.signal.reason).toMatchObject({ code: 'lease-lost' })
    cluster.go(0)
    const lost = { code: 'lease-lost', outcome: 'failed' }
    await expect(store.put(utf8('held'), one, { lease })).rejects.toMatchObject(lost)
    await eventually('its key goes', async () => !(await store.get(utf8('held'))).exists)
    const next = await store.lease({ ttlMs: 2_000 })
    expect(next.token).toBeGreaterThan(lease.token)

    // Ended behind its holder's back: etcd says so itself.
    await new EtcdAdmin(cluster.endpoints[0]!).revokeAllLeases()
    await expect(store.put(utf8('held'), one, { lease: next })).rejects.toMatchObject(lost)
    await eventually('the holder is told', () => next.signal.aborted)
  })
})

async function standStill(cluster: EtcdCluster): Promise<void> {
  for (const member of [0, 1, 2]) {
    cluster.stop(member)
    await pause(3_000)
    cluster.go(member)
    await pause(500)
  }
}

async function killEach(cluster: EtcdCluster): Promise<void> {
  for (const member of [0, 1, 2]) {
    cluster.kill(member)
    await pause(1_000)
    await cluster.restart(member)
    await cluster.ready()
    await pause(500)
  }
}

/** One new key, and one increment by compare-and-set. */
async function act(
  store: KeyValueStore,
  key: string,
  counter: Uint8Array,
  tally: { done: string[]; failed: string[]; unknown: number; increments: number },
): Promise<void> {
  try {
    await store.put(utf8(key), one, { ifVersion: absent, timeoutMs: 8_000 })
    tally.done.push(key)
  } catch (error) {
    if (!(error instanceof DureError)) throw error
    // Nobody else writes this key: "it is there already" would be a second time.
    expect(error.code).not.toBe('comparison-failed')
    if (error.outcome === 'failed') tally.failed.push(key)
  }
  try {
    const { value, version } = await store.get(counter, { timeoutMs: 8_000 })
    await store.put(counter, utf8(`${Number(text(value!)) + 1}`), { ifVersion: version, timeoutMs: 8_000 })
    tally.increments++
  } catch (error) {
    if (!(error instanceof DureError)) throw error
    if (error.outcome === 'unknown') tally.unknown++
  }
  await pause(2)
}

async function take(watch: Watch, count: number): Promise<Change[]> {
  const taken: Change[] = []
  for await (const change of watch) if (taken.push(change) === count) break
  return taken
}
