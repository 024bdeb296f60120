import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { pause } from '../../../fixture/wait-for.ts'
import { utf8 } from '../../../foundation/bytes.ts'
import type { Cursor } from '../../../ports/key-value/cursor.ts'
import type { KeyValueStore } from '../../../ports/key-value/key-value-store.ts'
import { grpc } from '../connection/grpc-status.ts'
import { etcd } from '../etcd.ts'
import { FakeEtcd } from '../testing/fake-etcd.ts'

const key = utf8('a')
const everything = { from: new Uint8Array(0) }

describe('a watch begins with a token that was forgotten', () => {
  async function watchOnce(store: KeyValueStore, from: Cursor): Promise<void> {
    for await (const change of store.watch(everything, { from })) {
      expect(change).toMatchObject({ kind: 'put', key })
      return
    }
  }

  /** One watch has asked what there is to ask on this connection: nothing stands between the next one and its refusal. */
  async function prepare(fake: FakeEtcd, refusal: string) {
    const store = await etcd(fake.options).open()
    const from = await store.cursor()
    await watchOnce(store, from)
    fake.watchRefusal = refusal
    fake.forgetTokens()
    return { store, from, [Symbol.asyncDispose]: () => store.close() }
  }

  const forgotten = 'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token'
  const denied = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied'

  test.each([
    forgotten,
    'rpc error: code = InvalidArgument desc = etcdserver: revision of auth store is old',
    'rpc error: code = InvalidArgument desc = etcdserver: user name is empty',
    denied,
  ])('and goes on after one login: "%s"', async (refusal) => {
    await using fake = await FakeEtcd.start()
    await using prepared = await prepare(fake, refusal)
    await watchOnce(prepared.store, prepared.from)
    expect(fake.logins).toBe(2)
  })

  test('and ends where that is not why it was refused', async () => {
    await using fake = await FakeEtcd.start()
    await using prepared = await prepare(fake, denied)
    fake.refusesWatches = true
    await expect(watchOnce(prepared.store, prepared.from)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('"etcdserver: permission denied": give the role'),
    })
    expect(fake.logins).toBe(2)
  })

  test('and ends where new ones are forgotten as fast, or no login is to be had', async () => {
    await using fake = await FakeEtcd.start()
    await using prepared = await prepare(fake, forgotten)
    fake.refusesWatches = true
    await expect(watchOnce(prepared.store, prepared.from)).rejects.toMatchObject({ code: 'invalid' })
    expect(fake.logins).toBe(4)
    const message = 'etcdserver: authentication failed, invalid user ID or password'
    fake.orders.push({ status: grpc.invalidArgument, message })
    await expect(watchOnce(prepared.store, prepared.from)).rejects.toMatchObject({ code: 'invalid' })
    expect(fake.logins).toBe(5)
  })
})

describe('a watch of which etcd tells no progress, as 3.6 does while nothing changes,', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
  afterEach(() => void vi.useRealTimers())

  /** Lets the time between two looks at a watch pass, as often as it takes. */
  async function lookUntil(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      vi.advanceTimersByTime(2_000)
      await pause(2)
    }
  }

  test('stays at a member that serves', async () => {
    await using fake = await FakeEtcd.start()
    fake.hasChange = false
    await using store = await etcd(fake.options).open()
    await using watch = store.watch(everything)
    await watch.ready
    await lookUntil(() => fake.progressRequests > 0)
    const { reads } = fake
    await lookUntil(() => fake.progressRequests > 4)
    expect(fake.watches).toBe(1)
    expect(fake.reads).toBeGreaterThan(reads)
  })

  test('goes on elsewhere when the member does not serve', async () => {
    await using fake = await FakeEtcd.start()
    fake.hasChange = false
    await using store = await etcd(fake.options).open()
    await using watch = store.watch(everything)
    await watch.ready
    await lookUntil(() => fake.progressRequests > 0)
    fake.isCutOff = true
    await lookUntil(() => fake.watches > 1)
  })
})
