import { execFileSync } from 'node:child_process'
import { cases } from '../../../src/ports/key-value/conformance/cases.ts'
import { runCases } from '../../../src/ports/key-value/conformance/run-cases.ts'
import type { KeyValueStore } from '../../../src/ports/key-value/key-value-store.ts'
import { checkObservedHistory } from '../../../src/proof/conformance/check-observed-history.ts'
import { EtcdCluster, openStore } from '../../engines/etcd-cluster.ts'
import { TcpDoor } from '../../engines/tcp-door.ts'
import { type Ground, realClock } from './ground.ts'

export async function etcdGround(program: string): Promise<Ground> {
  const cluster = new EtcdCluster({ program, size: 3 })
  await cluster.start()
  await using first = await openStore(cluster)
  const doors = new Map<KeyValueStore, readonly TcpDoor[]>()
  const shut = async (store: KeyValueStore): Promise<void> => {
    await Promise.all(doors.get(store)!.map((door) => door[Symbol.asyncDispose]()))
  }
  return {
    engine: 'etcd',
    guarantees: first.guarantees,
    description: `etcd ${versionOf(program)}, three members on this machine; their leader is killed and comes back`,
    run: (options) =>
      runCases(
        cases,
        {
          // Each client has doors of its own, which shut when it dies.
          async open() {
            const own = await Promise.all(cluster.endpoints.map(TcpDoor.before))
            const store = await openStore(cluster, { endpoints: own.map(({ endpoint }) => endpoint) })
            doors.set(store, own)
            return store
          },
          prefix: 'conformance/',
          clock: realClock,
          abandon: shut,
          disturb: () => cluster.killLeader(),
          checkHistory: checkObservedHistory,
        },
        options,
      ),
    async close() {
      await Promise.all([...doors.keys()].map(shut))
      await cluster[Symbol.asyncDispose]()
    },
  }
}

function versionOf(program: string): string {
  return (
    /Version: (\S+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1] ??
    'of some version'
  )
}
