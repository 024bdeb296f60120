import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { etcd } from '../../src/etcd.ts'
import { open } from '../../src/index.ts'
import { EtcdCluster, etcdPrograms, requireEtcd } from './etcd-cluster.ts'

interface User {
  readonly name: string
}

describe.runIf(requireEtcd())('what people import, on etcd', { timeout: 60_000 }, () => {
  const cluster = new EtcdCluster({ program: etcdPrograms[0]!, size: 3 })
  beforeAll(() => cluster.start(), 60_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  test('keyspaces with values as JSON: compare-and-set, watches, leases and times to live', async () => {
    await using dure = await open({ engine: etcd({ endpoints: cluster.endpoints }) })
    const sessions = dure.keyspace<User>('sessions', { consistency: 'strong' })
    const cache = dure.keyspace<User>('cache')
    const watch = sessions.watch({ prefix: 'ann' })
    await watch.ready

    const lease = await dure.lease({ ttlMs: 10_000 })
    const { version } = await sessions.put('ann', { name: 'Ann' }, { lease })
    await expect(
      sessions.put('ann', { name: 'Bob' }, { ifVersion: 0 as typeof version }),
    ).rejects.toMatchObject({
      code: 'comparison-failed',
    })
    await cache.put('page', { name: 'brief' }, { ttlMs: 60_000 })
    expect((await sessions.get('ann')).value).toEqual({ name: 'Ann' })
    await lease.release()
    expect((await sessions.get('ann')).exists).toBe(false)
    const kinds: string[] = []
    for await (const change of watch) if (kinds.push(`${change.kind} ${change.key}`) === 2) break
    expect(kinds).toEqual(['put ann', 'delete ann'])
  })

  test('options that make no sense are refused before anything is connected', () => {
    const endpoints = ['127.0.0.1:2379']
    const refused: readonly [Parameters<typeof etcd>[0], string][] = [
      [{ endpoints: [] }, 'at least one'],
      [{ endpoints: ['localhost'] }, 'use host:port'],
      [{ endpoints: ['http://localhost:2379'], tls: {} }, 'without TLS'],
      [{ endpoints, username: 'me' }, 'both or neither'],
      [{ endpoints, tls: { cert: 'x' } }, 'both or neither'],
      [{ endpoints, keyPrefix: 'x'.repeat(2_000) }, 'at most'],
    ]
    for (const [options, reason] of refused) expect(() => etcd(options)).toThrow(reason)
    expect(etcd({ endpoints: ['[::1]:2379', 'https://etcd.example:2379/'] }).name).toBe('etcd')
  })
})
