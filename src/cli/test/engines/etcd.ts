import { DureError } from '../../../foundation/errors.ts'
import type { ClusterUnderTest } from '../../../proof/chaos/nemesis/cluster-under-test.ts'
import type { EngineOptions, TestedEngine } from './tested-engine.ts'

/** One of our own, which takes faults; or one that is there already: it is loaded and judged, and nothing is done to it. */
export async function openEtcd(options: EngineOptions): Promise<TestedEngine> {
  const { endpoints, faultKinds, workers } = options
  if (endpoints === undefined) {
    const { openLocalEtcd } = await import('../etcd/open-local-etcd.ts')
    return openLocalEtcd(options)
  }
  if (faultKinds.length > 0) {
    const advice = 'it is not ours to break: use --nemesis none, or leave --endpoints out and one is started'
    throw new DureError(
      'invalid',
      `asked for faults (${faultKinds.join(', ')}) on an etcd that runs already: ${advice}`,
    )
  }
  const { etcd } = await import('../../../engines/etcd/etcd.ts')
  const engine = etcd({ endpoints })
  const stores = await Promise.all(Array.from({ length: workers }, () => engine.open()))
  return {
    cluster: untouchable(endpoints),
    storeOf: (worker) => stores[worker]!,
    logs: () => [],
    async close() {
      await Promise.all(stores.map((store) => store.close()))
    },
    kill() {},
  }
}

function untouchable(nodes: readonly string[]): ClusterUnderTest {
  const refuse = async (): Promise<never> => {
    throw new DureError('unsupported', 'nothing is done to a cluster that was there before')
  }
  return {
    nodes,
    abilities: new Set(),
    leader: async () => undefined,
    kill: refuse,
    start: refuse,
    pause: refuse,
    resume: refuse,
    cut: refuse,
  }
}
