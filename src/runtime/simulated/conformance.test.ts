import { describe, test } from 'vitest'
import { endpoint, type Network } from '../network.ts'
import type { Runtime } from '../runtime.ts'
import { diskCases } from '../testing/disk-cases.ts'
import { networkCases } from '../testing/network-cases.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import { Simulation } from './simulation.ts'

/** Runs a test of promises to its end in virtual time. */
async function inWorld(world: Simulation, body: () => Promise<void>): Promise<void> {
  let result: Promise<void> | undefined
  let isOver = false
  world.after(0, () => {
    result = body().finally(() => {
      isOver = true
    })
    result.catch(() => {})
  })
  const ended = await world.runAwaiting(() => isOver, { withinMs: 60_000 })
  if (!ended) throw new Error('the case did not end within a minute of virtual time')
  await result
}

function started(process: SimulatedProcess): Promise<Runtime> {
  return new Promise((resolve) => process.start(resolve))
}

describe('the simulated disk, as every disk', () => {
  for (const { name, run } of diskCases) {
    test(name, async () => {
      const world = new Simulation({ seed: 1 })
      await inWorld(world, async () => {
        const runtime = await started(world.spawn('one', { nodeId: 1 }))
        await run(runtime.disk)
      })
    })
  }
})

describe('the simulated network, as every network', () => {
  for (const { name, run } of networkCases) {
    test(name, async () => {
      const world = new Simulation({ seed: 1 })
      await inWorld(world, async () => {
        const processes = [
          world.spawn('one', { nodeId: 1 }),
          world.spawn('two', { nodeId: 2 }),
          world.spawn('client'),
        ] as const
        const [one, two, client] = await Promise.all(processes.map(started))
        const startOne = async (): Promise<Network> => (await started(processes[0])).network
        const until = async (condition: () => boolean): Promise<void> => {
          while (!condition()) await new Promise<void>((resolve) => void world.after(1, resolve))
        }
        await until(() => one!.network.isReachable(endpoint(2)))
        await run({
          one: one!.network,
          two: two!.network,
          client: client!.network,
          addressOfOne: 'node/1',
          addressOfNobody: 'node/9',
          until,
          stopOne: () => processes[0].crash(),
          startOne,
        })
      })
    })
  }
})
