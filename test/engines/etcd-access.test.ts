import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/foundation/bytes.ts'
import { prefixRange } from '../../src/ports/key-value/prefix-range.ts'
import { Certificates } from './certificates.ts'
import { EtcdAdmin } from './etcd-admin.ts'
import { EtcdCluster, etcdPrograms, openStore, requireEtcd } from './etcd-cluster.ts'

const one = utf8('1')
const key = utf8('a')

describe.runIf(requireEtcd())('an etcd that asks for credentials', { timeout: 60_000 }, () => {
  // Every change is kept in its backend at once. It would replay others from its log when it starts again, and with them
  // the logins: then it depended on the machine's speed whether it forgets a token.
  const cluster = new EtcdCluster({ program: etcdPrograms[0]!, args: ['--backend-batch-limit', '1'] })
  const user = { username: 'app', password: 'app-password' }
  const tenant = { ...user, keyPrefix: 'app/' }
  let admin: EtcdAdmin
  beforeAll(async () => {
    await cluster.start()
    admin = new EtcdAdmin(cluster.endpoints[0]!)
    await admin.enableAuthentication({ name: user.username, password: user.password, prefix: 'app/' })
  }, 60_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  test('refuses a client without, and with wrong ones, before anything happens', async () => {
    for (const wrong of [{}, { username: 'app', password: 'wrong' }, { username: 'nobody', password: 'x' }]) {
      await using store = await openStore(cluster, { ...wrong, keyPrefix: 'app/' })
      const invalid = { code: 'invalid', outcome: 'failed', retryable: false }
      await expect(store.put(key, one)).rejects.toMatchObject(invalid)
      await expect(store.get(key)).rejects.toMatchObject(invalid)
      await expect(store.watch(prefixRange(key)).ready).rejects.toMatchObject({ code: 'invalid' })
    }
  })

  test('serves a user whose role may use the prefix, in everything', async () => {
    await using store = await openStore(cluster, tenant)
    const watch = store.watch(prefixRange(key))
    await watch.ready
    const { version } = await store.put(key, one)
    for await (const change of watch) {
      expect(change).toMatchObject({ kind: 'put', key, value: one, version })
      break
    }
    await using lease = await store.lease({ ttlMs: 5_000 })
    await store.put(utf8('held'), one, { lease })
    await store.put(utf8('brief'), one, { ttlMs: 60_000, idempotencyKey: 'brief' })
    const keys: Uint8Array[] = []
    for await (const row of store.range({ from: new Uint8Array(0) })) keys.push(row.key)
    expect(keys).toEqual([utf8('a'), utf8('brief'), utf8('held')])
    expect(await store.delete(key)).toEqual({ existed: true })
  })

  test('refuses the same user outside of its prefix', async () => {
    await using store = await openStore(cluster, { ...user, keyPrefix: 'other/' })
    const denied = { code: 'invalid', outcome: 'failed' }
    await expect(store.get(key)).rejects.toMatchObject(denied)
    await expect(store.put(key, one)).rejects.toMatchObject(denied)
    await expect(store.watch(prefixRange(key)).ready).rejects.toMatchObject(denied)
  })

  test('forgets who is logged in when a password is set: a watch, too, logs in anew and begins', async () => {
    await using store = await openStore(cluster, tenant)
    const from = await store.cursor()
    const { version } = await store.put(key, one)
    // Nothing but the watch itself asks etcd in here, which so is the one to find out.
    for (const forget of [async () => {}, () => admin.changePassword(user.username, user.password)]) {
      await forget()
      for await (const change of store.watch(prefixRange(key), { from })) {
        expect(change).toMatchObject({ kind: 'put', key, version })
        break
      }
    }
  })

  test('forgets who is logged in when it starts again: clients log in anew', async () => {
    await using store = await openStore(cluster, tenant)
    await store.put(key, one)
    const watch = store.watch(prefixRange(key))
    await watch.ready
    const lease = await store.lease({ ttlMs: 60_000 })
    cluster.kill(0)
    await cluster.restart(0)
    // Many at once, which share the login.
    const puts = Array.from({ length: 50 }, (_, i) =>
      store.put(utf8(`many/${i}`), one, { timeoutMs: 20_000 }),
    )
    await Promise.all(puts)
    await store.put(key, utf8('2'), { timeoutMs: 20_000 })
    for await (const change of watch) {
      expect(change).toMatchObject({ kind: 'put', value: utf8('2') })
      break
    }
    await store.put(utf8('held'), one, { lease })
    await lease.release()
    expect((await store.get(utf8('held'))).exists).toBe(false)
  })
})

describe.runIf(requireEtcd())(
  'an etcd behind TLS that asks clients for a certificate',
  { timeout: 60_000 },
  () => {
    const certificates = new Certificates()
    const cluster = new EtcdCluster({
      program: etcdPrograms[0]!,
      tls: {
        ca: certificates.path('ca.crt'),
        cert: certificates.path('server.crt'),
        key: certificates.path('server.key'),
      },
    })
    const ca = certificates.read('ca.crt')
    const client = { ca, cert: certificates.read('client.crt'), key: certificates.read('client.key') }
    beforeAll(() => cluster.start({ tls: client }), 60_000)
    afterAll(async () => {
      await cluster[Symbol.asyncDispose]()
      certificates[Symbol.dispose]()
    })

    test('serves a client that has one', async () => {
      await using store = await openStore(cluster, { tls: client })
      const watch = store.watch(prefixRange(key))
      await watch.ready
      const { version } = await store.put(key, one)
      expect(await store.get(key)).toEqual({ exists: true, value: one, version })
      for await (const change of watch) {
        expect(change.version).toBe(version)
        break
      }
    })

    test.each([
      ['without a certificate', { ca }, /certificate/i],
      [
        'that does not know who signed for the server',
        { cert: client.cert, key: client.key },
        /certificate/i,
      ],
      ['that looks for another name', { ...client, servername: 'other.example' }, /other\.example|altname/i],
    ])('is unavailable to a client %s, and says why', async (_, tls, reason) => {
      await using store = await openStore(cluster, { tls })
      const error = await store.get(key, { timeoutMs: 1_000 }).catch((cause: unknown) => cause)
      expect(error).toMatchObject({ outcome: 'failed', message: expect.stringMatching(reason) })
    })

    test('is unavailable to a client without TLS', async () => {
      await using store = await openStore(cluster)
      await expect(store.get(key, { timeoutMs: 1_000 })).rejects.toMatchObject({
        outcome: 'failed',
        retryable: true,
      })
    })
  },
)
