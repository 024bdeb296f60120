import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause } from '../../src/fixture/wait-for.ts'
import { cases } from '../../src/ports/key-value/conformance/cases.ts'
import { type CaseResult, runCases } from '../../src/ports/key-value/conformance/run-cases.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { checkObservedHistory } from '../../src/proof/conformance/check-observed-history.ts'
import { EtcdCluster, etcdPrograms, openStore, requireEtcd } from './etcd-cluster.ts'
import { TcpDoor } from './tcp-door.ts'

/** On each server, and in more layouts than the table in docs/engines.md has. */
describe.runIf(requireEtcd())('the conformance cases on a real etcd', () => {
  describe.each(etcdPrograms.map((program) => [basename(program), program] as const))('%s', (_, program) => {
    describe.each([
      ['one member', 1, ''],
      ['three members, behind a key prefix', 3, 'tenant/'],
    ] as const)('%s', (_, size, keyPrefix) => {
      const cluster = new EtcdCluster({ program, size })
      const doors = new Map<KeyValueStore, readonly TcpDoor[]>()
      const results = new Map<string, CaseResult>()

      // All at once: what waits for time to pass waits together.
      beforeAll(async () => {
        await cluster.start()
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
          prefix: 'conformance/',
          clock: { nowMs: () => performance.now(), sleep: pause },
          abandon: (store: KeyValueStore) => shut(doors.get(store)!),
          disturb: () => cluster.killLeader(),
          checkHistory: checkObservedHistory,
        }
        for (const result of await runCases(cases, context)) results.set(result.name, result)
      }, 240_000)
      afterAll(async () => {
        await Promise.all([...doors.keys()].map((store) => store.close({ timeoutMs: 0 })))
        await Promise.all([...doors.values()].map(shut))
        await cluster[Symbol.asyncDispose]()
      }, 30_000)

      it.each(cases.map(({ name }) => name))('%s', (name) => {
        const { verdict, reason } = results.get(name)!
        expect({ verdict, reason }).toEqual({ verdict: 'ok', reason: undefined })
      })
    })
  })
})

async function shut(doors: readonly TcpDoor[]): Promise<void> {
  await Promise.all(doors.map((door) => door[Symbol.asyncDispose]()))
}
