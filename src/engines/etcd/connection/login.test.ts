import { expect, test } from 'vitest'
import { text, utf8 } from '../../../foundation/bytes.ts'
import { etcd } from '../etcd.ts'
import { FakeEtcd } from '../testing/fake-etcd.ts'
import { grpc } from './grpc-status.ts'

const openStore = (fake: FakeEtcd) => etcd(fake.options).open()

const key = utf8('a')

/** Many at once, all of which need the same login. */
async function readMany(store: Awaited<ReturnType<typeof openStore>>): Promise<void> {
  const reads = Array.from({ length: 50 }, () => store.get(key, { timeoutMs: 20_000 }))
  for (const { value } of await Promise.all(reads)) expect(text(value!)).toBe('found')
}

test('a token that was forgotten while the connection was lost is not shown when logging in anew', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  await readMany(store)
  fake.forgetTokens()
  fake.cut()
  await readMany(store)
  expect(fake.logins).toBe(2)
})

test('a token that was forgotten while the connection lasts is replaced by one login for all', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  await readMany(store)
  fake.forgetTokens()
  await readMany(store)
  expect(fake.logins).toBe(2)
})

test('a login that takes longer than the first attempt waits is given more time, and begun no more than twice', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  fake.orders.push(...Array.from({ length: 100 }, () => ({ afterMs: 2_500 })))
  await readMany(store)
  expect(fake.logins).toBe(2)
  // The same on a connection that lasts.
  fake.forgetTokens()
  await readMany(store)
  expect(fake.logins).toBeLessThanOrEqual(4)
}, 30_000)

test('a login that a member could not carry out is repeated; the credentials are not blamed', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  await readMany(store)
  fake.forgetTokens()
  const timedOut = { status: grpc.unavailable, message: 'etcdserver: request timed out' }
  fake.orders.push(timedOut, timedOut, timedOut, timedOut, timedOut)
  await readMany(store)
  expect(fake.logins).toBe(7)
})

test('a login that is refused is refused for good', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  await readMany(store)
  fake.forgetTokens()
  const message = 'etcdserver: authentication failed, invalid user ID or password'
  fake.orders.push({ status: grpc.invalidArgument, message })
  await expect(store.get(key)).rejects.toMatchObject({ code: 'invalid', outcome: 'failed' })
  expect(fake.logins).toBe(2)
})
