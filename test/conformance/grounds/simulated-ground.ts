import { Client } from '../../../src/engines/client/client.ts'
import { ClientStore } from '../../../src/engines/client/client-store.ts'
import { remoteGuarantees } from '../../../src/engines/remote/connect-remote.ts'
import { RemoteTransport } from '../../../src/engines/remote/remote-transport.ts'
import { cases } from '../../../src/ports/key-value/conformance/cases.ts'
import { type CaseResult, runCases } from '../../../src/ports/key-value/conformance/run-cases.ts'
import type { KeyValueStore } from '../../../src/ports/key-value/key-value-store.ts'
import { checkObservedHistory } from '../../../src/proof/conformance/check-observed-history.ts'
import { SimulatedCluster } from '../../../src/proof/simulation/simulated-cluster.ts'
import type { Runtime } from '../../../src/runtime/runtime.ts'
import { Simulation } from '../../../src/runtime/simulated/simulation.ts'
import { noTableFaults } from '../../../src/storage/table/memory/table-faults.ts'
import type { Ground } from './ground.ts'

const SEED = 7
const plan = { nodeCount: 3, raft: {}, storage: {}, tableFaults: noTableFaults }
const WITHIN_MS = 3_600_000

/** The remote engine's client on a cluster in one thread, on virtual time. */
export async function simulatedGround(): Promise<Ground> {
  const world = new Simulation({ seed: SEED })
  const cluster = new SimulatedCluster(world, plan, [])
  cluster.start()
  let processes = 0
  const start = (): Promise<Runtime> =>
    new Promise((resolve) => world.spawn(`client ${++processes}`).start(resolve))
  const open = async (): Promise<KeyValueStore> => {
    const runtime = await start()
    const client = new Client(runtime, new RemoteTransport(runtime, cluster.addresses))
    return new ClientStore(runtime, client, remoteGuarantees)
  }
  const runAll = async (options: Parameters<Ground['run']>[0]): Promise<readonly CaseResult[]> => {
    const runtime = await start()
    const clock = {
      nowMs: () => runtime.clock.monotonicMs(),
      sleep: (ms: number) => new Promise<void>((resolve) => void runtime.timer(ms, resolve)),
    }
    return runCases(
      cases,
      {
        open,
        prefix: 'conformance/',
        clock,
        abandon: async (store) => (store as ClientStore).abandon(),
        disturb: async () => {
          const leader = cluster.nodes.find(({ node }) => node?.status.state === 'leader')
          leader?.process.crash()
          await clock.sleep(3_000)
          leader?.process.restart()
          await clock.sleep(1_000)
        },
        checkHistory: checkObservedHistory,
      },
      options,
    )
  }
  return {
    engine: 'simulated',
    guarantees: remoteGuarantees,
    description: 'three nodes in one thread, on virtual time; their leader crashes and comes back',
    async run(options) {
      let ended: { readonly results?: readonly CaseResult[]; readonly error?: unknown } | undefined
      runAll(options).then(
        (results) => (ended = { results }),
        (error) => (ended = { error }),
      )
      await world.runAwaiting(() => ended !== undefined, { withinMs: WITHIN_MS })
      if (ended?.results === undefined) throw ended?.error ?? new Error('the simulated run did not end')
      return ended.results
    },
    close: async () => {},
  }
}
