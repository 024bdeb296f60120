import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause } from '../../src/fixture/wait-for.ts'
import { text, utf8 } from '../../src/foundation/bytes.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { absent } from '../../src/ports/key-value/version.ts'
import { EtcdAdmin } from './etcd-admin.ts'
import { EtcdCluster, etcdPrograms, eventually, openStore, requireEtcd } from './etcd-cluster.ts'
import { TcpDoor } from './tcp-door.ts'

/** What nobody has to write for these tests, and no other test reads. */
const one = utf8('1')
const two = utf8('2')

describe.runIf(requireEtcd())('each write happens once', { timeout: 60_000 }, () => {
  const cluster = new EtcdCluster({ program: etcdPrograms[0]! })
  let direct: KeyValueStore
  let store: KeyValueStore
  let door: TcpDoor
  beforeAll(async () => {
    await cluster.start()
    direct = await openStore(cluster)
    door = await TcpDoor.before(cluster.endpoints[0]!)
    store = await openStore(cluster, { endpoints: [door.endpoint] })
    await store.put(utf8('warm'), one)
  }, 60_000)
  afterAll(async () => {
    await store.close()
    await direct.close()
    await door[Symbol.asyncDispose]()
    await cluster[Symbol.asyncDispose]()
  })

  /** The answer of the first attempt is lost: it is made, and the caller does not know. */
  async function losingAnswer<Result>(
    isMade: () => Promise<boolean>,
    call: () => Promise<Result>,
  ): Promise<Result> {
    await store.put(utf8('warm'), one)
    await store.put(utf8('warm'), one, { idempotencyKey: 'warm' })
    door.swallowAnswers()
    const result = call()
    result.catch(() => {})
    try {
      await eventually('the first attempt is made', isMade)
    } finally {
      door.answerAgain()
    }
    return result
  }
  const exists = (key: string) => async () => (await direct.get(utf8(key))).exists

  test('a put whose answer was lost is answered by its retry', async () => {
    const key = utf8('put')
    const { version } = await losingAnswer(exists('put'), () => store.put(key, one, { ifVersion: absent }))
    expect(await direct.get(key)).toEqual({ exists: true, value: one, version })
  })

  test('a delete whose answer was lost says that there was a key', async () => {
    const { version } = await direct.put(utf8('delete'), one)
    const isGone = async () => !(await exists('delete')())
    const deleted = await losingAnswer(isGone, () => store.delete(utf8('delete'), { ifVersion: version }))
    expect(deleted).toEqual({ existed: true })
  })

  test('a commit whose answer was lost says which keys were there before', async () => {
    await direct.put(utf8('commit/b'), one)
    const result = await losingAnswer(exists('commit/a'), () =>
      store.commit({
        operations: [
          { kind: 'put', key: utf8('commit/a'), value: one },
          { kind: 'put', key: utf8('commit/b'), value: two },
          { kind: 'delete', key: utf8('commit/c') },
        ],
      }),
    )
    const { version } = await direct.get(utf8('commit/a'))
    expect(result).toEqual({ committed: true, version, existed: [false, true, false] })
  })

  test('another process that sends the same idempotency key has the first answer', async () => {
    const request = { idempotencyKey: 'charge-1', ifVersion: absent }
    const first = await losingAnswer(exists('once'), () => store.put(utf8('once'), one, request))
    await using other = await openStore(cluster)
    expect(await other.put(utf8('once'), one, request)).toEqual(first)
    await expect(other.put(utf8('once'), two, request)).rejects.toMatchObject({ code: 'invalid' })

    const failing = { idempotencyKey: 'charge-2', ifVersion: first.version }
    await direct.put(utf8('once'), two)
    const refused = { code: 'comparison-failed', outcome: 'failed' }
    await expect(store.put(utf8('once'), one, failing)).rejects.toMatchObject(refused)
    await direct.delete(utf8('once'))
    await expect(other.put(utf8('once'), one, failing)).rejects.toMatchObject(refused)
  })

  test('an attempt that arrives after its retry, and after later writes, is not made', async () => {
    const key = utf8('late')
    const deliver = door.holdBack()
    const first = await store.put(key, one)
    const second = await store.put(key, two)
    expect(second.version).toBeGreaterThan(first.version)
    deliver()
    // It is there when the server has answered something that came behind it.
    await pause(500)
    await direct.put(utf8('behind'), one)
    expect(await direct.get(key)).toEqual({ exists: true, value: two, version: second.version })
  })

  test('an attempt that arrives after its retry was refused is not made, though its comparison holds by then', async () => {
    const key = utf8('late-compare')
    const { version } = await direct.put(key, one)
    const deliver = door.holdBack()
    const refused = store.put(key, utf8('late'), { ifVersion: absent })
    await expect(refused).rejects.toMatchObject({ code: 'comparison-failed', outcome: 'failed' })
    await direct.delete(key, { ifVersion: version })
    deliver()
    await pause(500)
    expect((await direct.get(key)).exists).toBe(false)
  })

  test('what makes more slots and arrives late does not open those that are in use', async () => {
    const keys = Array.from({ length: 24 }, (_, i) => utf8(`slots/${i}`))
    const putAll = (by: KeyValueStore, value: Uint8Array) =>
      Promise.all(keys.map((key) => by.put(key, value, { timeoutMs: 30_000 })))
    await using own = await TcpDoor.before(cluster.endpoints[0]!)
    await using young = await openStore(cluster, { endpoints: [own.endpoint], keyPrefix: 'young/' })
    // One at a time: it has the slots that it begins with, fewer than there are keys.
    await young.put(utf8('warm'), one)
    const deliverSlots = own.holdBack()
    await putAll(young, one)
    const deliverWrites = own.holdBack()
    await putAll(young, one)
    const latest = await putAll(young, two)
    deliverSlots()
    await pause(500)
    deliverWrites()
    await pause(500)
    await young.put(utf8('behind'), one)
    const found = await Promise.all(keys.map((key) => young.get(key)))
    expect(found).toEqual(latest.map(({ version }) => ({ exists: true, value: two, version })))
  })

  test('a store whose session is gone opens another', async () => {
    const revoked = await new EtcdAdmin(cluster.endpoints[0]!).revokeAllLeases()
    expect(revoked).toBeGreaterThan(1)
    await Promise.all(Array.from({ length: 100 }, (_, i) => store.put(utf8(`many/${i % 7}`), utf8(`${i}`))))
    expect(text((await direct.get(utf8('many/1'))).value!)).toMatch(/^\d+$/)
  })

  test('more writes at a time than there are slots wait in line, and all happen', async () => {
    const count = 3_000
    const versions = await Promise.all(
      Array.from(
        { length: count },
        async (_, i) => (await store.put(utf8(`line/${i}`), one, { timeoutMs: 30_000 })).version,
      ),
    )
    expect(new Set(versions).size).toBe(count)
  })

  test('a store that is closed leaves nothing of its session behind', async () => {
    const closing = await openStore(cluster, { keyPrefix: 'closing/' })
    await closing.put(utf8('a'), one)
    const lease = await closing.lease({ ttlMs: 60_000 })
    await closing.put(utf8('b'), one, { lease })
    await closing.close()
    expect(lease.signal.aborted).toBe(true)
    const left: string[] = []
    for await (const { key } of direct.range({ from: utf8('closing/'), to: utf8('closing0') }))
      left.push(text(key))
    expect(left).toEqual(['closing/\0dure/history', 'closing/a'])
  })

  test('a commit too large to be told again is sent once: a lost answer is unknown', async () => {
    const keys = Array.from({ length: 128 }, (_, i) => utf8(`once-only/${i}`))
    const transaction = {
      comparisons: keys.map((key) => ({ key, version: absent })),
      operations: keys.map((key) => ({ kind: 'put' as const, key, value: one })),
    }
    const lost = losingAnswer(exists('once-only/0'), () => store.commit(transaction))
    await expect(lost).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' })
    const again = await store.commit(transaction)
    expect(again.committed).toBe(false)
  })

  test('what does not fit into one transaction of etcd is refused by name, and nothing of it happens', async () => {
    const value = new Uint8Array(900_000)
    const large = ['large/a', 'large/b'].map((key) => ({ kind: 'put' as const, key: utf8(key), value }))
    const unsupported = { code: 'unsupported', outcome: 'failed' }
    await expect(store.commit({ operations: large })).rejects.toMatchObject(unsupported)
    const many = Array.from({ length: 128 }, (_, i) => utf8(`large/${i}`))
    const commit = {
      comparisons: many.map((key) => ({ key, version: absent })),
      operations: many.map((key) => ({ kind: 'put' as const, key, value: one })),
    }
    await expect(store.commit({ ...commit, idempotencyKey: 'large' })).rejects.toMatchObject(unsupported)
    expect(await exists('large/a')()).toBe(false)
    expect(await exists('large/0')()).toBe(false)
    const nested = await store.commit({ ...commit, comparisons: commit.comparisons.slice(0, 60) })
    expect(nested).toMatchObject({ committed: true, existed: many.map(() => false) })
    await expect(store.put(utf8('\0dure/mine'), one)).rejects.toMatchObject({
      code: 'invalid',
      outcome: 'failed',
    })
  })
})
