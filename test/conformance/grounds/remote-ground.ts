import type { ClientStore } from '../../../src/engines/client/client-store.ts'
import { connectRemote, remoteGuarantees } from '../../../src/engines/remote/connect-remote.ts'
import { ProcessCluster } from '../../../src/fixture/process-cluster.ts'
import { cases } from '../../../src/ports/key-value/conformance/cases.ts'
import { runCases } from '../../../src/ports/key-value/conformance/run-cases.ts'
import { checkObservedHistory } from '../../../src/proof/conformance/check-observed-history.ts'
import { type Ground, realClock } from './ground.ts'

export async function remoteGround(): Promise<Ground> {
  const cluster = await ProcessCluster.start({ nodeCount: 3, clusterId: 'conformance' })
  return {
    engine: 'remote',
    guarantees: remoteGuarantees,
    description: 'three processes on this machine; their leader is killed and comes back',
    run: (options) =>
      runCases(
        cases,
        {
          open: () => connectRemote({ addresses: cluster.addresses }),
          prefix: 'conformance/',
          clock: realClock,
          abandon: async (store) => (store as ClientStore).abandon(),
          disturb: () => killLeader(cluster),
          checkHistory: checkObservedHistory,
        },
        options,
      ),
    close: () => cluster[Symbol.asyncDispose](),
  }
}

async function killLeader(cluster: ProcessCluster): Promise<void> {
  const leader = await cluster.leader()
  await cluster.kill(leader)
  await cluster.leader(cluster.nodes.filter((node) => node !== leader))
  await realClock.sleep(500)
  await cluster.start(leader)
}
