import { strict as assert } from 'node:assert'
import { type SimulatedRun, type SimulateOptions, simulate } from '../../src/sim.ts'
import { CounterClient, CounterServer } from './counter.ts'

/** What was acknowledged is counted, and nothing is counted that was not asked for. */
export function countThroughFaults(
  options: SimulateOptions,
  save: 'write' | 'writeSynced',
): Promise<readonly SimulatedRun[]> {
  return simulate({ durationMs: 20_000, ...options }, async (world) => {
    world.spawn('server', (runtime) => new CounterServer(runtime, save), { nodeId: 1 })
    const { service: client } = world.spawn('client', (runtime) => new CounterClient(runtime, 'node/1'))

    let asked = 0
    let acknowledged = 0
    for (let i = 0; i < 200; i++) {
      asked++
      if ((await client.increment()) !== undefined) acknowledged++
      await world.sleep(world.random.integer(1, 100))
    }

    await world.faultsOver()
    let value: number | undefined
    while (value === undefined) value = await client.read()
    assert.ok(
      value >= acknowledged,
      `${acknowledged} increments were acknowledged, the counter says ${value}`,
    )
    assert.ok(value <= asked, `${asked} increments were asked for, the counter says ${value}`)
  })
}
