import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from '../../src/engines/client/client.ts'
import { ClientStore } from '../../src/engines/client/client-store.ts'
import { openDirectory } from '../../src/engines/embedded/open-directory.ts'
import { connectRemote, remoteGuarantees } from '../../src/engines/remote/connect-remote.ts'
import { RemoteTransport } from '../../src/engines/remote/remote-transport.ts'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { cases } from '../../src/ports/key-value/conformance/cases.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { checkObservedHistory } from '../../src/proof/conformance/check-observed-history.ts'
import { drawScenario } from '../../src/proof/simulation/scenario.ts'
import { SimulatedCluster } from '../../src/proof/simulation/simulated-cluster.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { noFaults } from '../../src/runtime/simulated/faults.ts'
import { Simulation } from '../../src/runtime/simulated/simulation.ts'

/** A store whose `close` leaves what is behind it open, for cases that open and close clients of one engine. */
const sharing = (store: KeyValueStore): KeyValueStore =>
  new Proxy(store, {
    get: (target, name) => {
      if (name === 'close' || name === Symbol.asyncDispose) return async () => {}
      const member = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })

/** About closing itself: only for clients that each case has to itself. */
const closes = /clos/i

describe('the embedded engine, in a directory', () => {
  let directory: string
  let store: KeyValueStore
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dure-conformance-'))
    store = await openDirectory(directory)
  })
  afterAll(async () => {
    await store.close()
    await rm(directory, { recursive: true })
  })

  const shared = cases.filter(({ name }) => !closes.test(name))
  it.each(shared.map((each) => [each.name, each] as const))('%s', async (name, { run }) => {
    await run({ open: async () => sharing(store), prefix: `${name}/`, checkHistory: checkObservedHistory })
  })
})

describe('the remote engine, on three processes', () => {
  let cluster: ProcessCluster
  beforeAll(async () => {
    cluster = await ProcessCluster.start()
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  it.each(cases.map((each) => [each.name, each] as const))('%s', async (name, { run }) => {
    const open = () => connectRemote({ addresses: cluster.addresses })
    await run({ open, prefix: `${name}/`, checkHistory: checkObservedHistory })
  })
})

describe('the remote engine, on a simulated cluster', () => {
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (name, { run }) => {
    const world = new Simulation({ seed: 7 })
    const scenario = { ...drawScenario(7), faults: noFaults() }
    const cluster = new SimulatedCluster(world, scenario, [])
    cluster.start()
    let clients = 0
    const open = async (): Promise<KeyValueStore> => {
      const runtime = await new Promise<Runtime>((resolve) =>
        world.spawn(`client ${++clients}`).start(resolve),
      )
      const client = new Client(runtime, new RemoteTransport(runtime, cluster.addresses))
      return new ClientStore(runtime, client, remoteGuarantees)
    }
    let ended: { error: unknown } | undefined
    run({ open, prefix: `${name}/`, checkHistory: checkObservedHistory }).then(
      () => (ended = { error: undefined }),
      (error) => (ended = { error }),
    )
    await world.runAwaiting(() => ended !== undefined, { withinMs: 120_000 })
    expect(ended).toEqual({ error: undefined })
  })
})
