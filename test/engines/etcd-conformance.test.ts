import { basename } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { pause } from '../../src/fixture/wait-for.ts'
import { cases } from '../../src/ports/key-value/conformance/cases.ts'
import { whySkipped } from '../../src/ports/key-value/conformance/run-cases.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { checkObservedHistory } from '../../src/proof/conformance/check-observed-history.ts'
import { EtcdCluster, etcdPrograms, openStore, requireEtcd } from './etcd-cluster.ts'
import { TcpDoor } from './tcp-door.ts'

describe.runIf(requireEtcd())('the conformance cases on a real etcd', () => {
  describe.each(etcdPrograms.map((program) => [basename(program), program] as const))('%s', (_, program) => {
    describe.each([
      ['one member', 1, ''],
      ['three members, behind a key prefix', 3, 'tenant/'],
    ] as const)('%s', (_, size, keyPrefix) => {
      const cluster = new EtcdCluster({ program, size })
      beforeAll(() => cluster.start(), 60_000)

      const doors = new Map<KeyValueStore, readonly TcpDoor[]>()
      const context = {
        open: async () => {
          const own = await Promise.all(cluster.endpoints.map(TcpDoor.before))
          const store = await openStore(cluster, {
            endpoints: own.map(({ endpoint }) => endpoint),
            keyPrefix,
          })
          doors.set(store, own)
          return store
        },
        clock: { nowMs: () => performance.now(), sleep: pause },
        abandon: async (store: KeyValueStore) => {
          await Promise.all(doors.get(store)!.map((door) => door[Symbol.asyncDispose]()))
        },
        disturb: () => cluster.killLeader(),
        checkHistory: checkObservedHistory,
      }
      afterAll(async () => {
        for (const [store, own] of doors) {
          await store.close({ timeoutMs: 0 })
          await Promise.all(own.map((door) => door[Symbol.asyncDispose]()))
        }
        await cluster[Symbol.asyncDispose]()
      })

      it.each(cases.map((each) => [each.name, each] as const))(
        '%s',
        { timeout: 90_000 },
        async (name, each) => {
          const store = await openStore(cluster)
          const reason = whySkipped(each, store.guarantees, { ...context, prefix: '' })
          await store.close()
          if (reason !== undefined) throw new Error(`etcd must pass every case: ${reason}`)
          await each.run({ ...context, prefix: `${name}/` })
        },
      )
    })
  })
})
