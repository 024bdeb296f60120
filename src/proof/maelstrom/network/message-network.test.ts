import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { LatencyDistribution } from './latency.ts'
import { MessageNetwork } from './message-network.ts'

interface Arrival {
  readonly to: string
  readonly value: unknown
  readonly atMs: number
}

/** Nodes n1 … n3, a client c1 and a service, and what arrives at them. */
function arrange({ latencyMs = 0, distribution = 'constant' as LatencyDistribution } = {}) {
  const world = new Simulation({ seed: 1 })
  const arrived: Arrival[] = []
  let network!: MessageNetwork
  world.spawn('network', { promises: false }).startNow((runtime) => {
    network = new MessageNetwork(runtime, { latencyMs, distribution, random: new SeededRandom(1) })
    for (const to of ['n1', 'n2', 'n3', 'c1', 'lin-kv']) {
      const kind = to === 'c1' ? 'client' : to === 'lin-kv' ? 'service' : 'node'
      network.attach(to, kind, ({ body }) => arrived.push({ to, value: body.value, atMs: world.nowMs }))
    }
  })
  const send = (src: string, dest: string, value: unknown = 0) => network.send({ src, dest, body: { value } })
  const run = (forMs: number) => world.run({ untilMs: world.nowMs + forMs })
  return { network, arrived, send, run }
}

const valuesOf = (arrived: readonly Arrival[]) => arrived.map(({ value }) => value)

describe('the network between nodes', () => {
  it('keeps the order where nothing takes time', () => {
    const { arrived, send, run } = arrange()
    for (let i = 0; i < 5; i++) send('n1', 'n2', i)
    expect(arrived).toEqual([])
    run(1)
    expect(valuesOf(arrived)).toEqual([0, 1, 2, 3, 4])
  })

  it.for([
    ['constant', 10, 10],
    ['uniform', 0, 20],
    ['exponential', 0, 200],
  ] as const)('takes time between nodes, %s', ([distribution, leastMs, greatestMs]) => {
    const { arrived, send, run } = arrange({ latencyMs: 10, distribution })
    for (let i = 0; i < 1_000; i++) send('n1', i % 2 === 0 ? 'n2' : 'lin-kv')
    run(1_000)
    const times = arrived.map(({ atMs }) => atMs)
    expect(times.length).toBe(1_000)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(leastMs)
    expect(Math.max(...times)).toBeLessThanOrEqual(greatestMs + 0.01)
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length
    expect(mean).toBeGreaterThan(9)
    expect(mean).toBeLessThan(11)
  })

  it('brings clients their messages at once', () => {
    const { arrived, send, run } = arrange({ latencyMs: 100 })
    send('c1', 'n1')
    send('n1', 'c1')
    run(1)
    expect(arrived.map(({ to }) => to)).toEqual(['n1', 'c1'])
  })

  it('cuts one way, between nodes, also what is under way', () => {
    const { network, arrived, send, run } = arrange({ latencyMs: 10 })
    send('n1', 'n2', 'under way')
    run(5)
    network.cut([{ from: 'n1', to: 'n2' }])
    send('n1', 'n2', 'cut')
    send('n2', 'n1', 'the other way')
    send('n1', 'n3', 'another link')
    send('n1', 'lin-kv', 'a service')
    run(50)
    expect(valuesOf(arrived).sort()).toEqual(['a service', 'another link', 'the other way'])
    network.cut([])
    send('n1', 'n2', 'healed')
    run(50)
    expect(valuesOf(arrived).at(-1)).toBe('healed')
  })

  it.for([
    ['loses', { lossProbability: 0.3 }, 700],
    ['doubles', { duplicateProbability: 0.3 }, 1_300],
  ] as const)('%s some messages between nodes, while it is disturbed', ([, disturbance, about]) => {
    const { network, arrived, send, run } = arrange()
    network.disturb(disturbance)
    for (let i = 0; i < 1_000; i++) {
      send('n1', 'n2', i)
      send('n1', 'lin-kv')
      send('c1', 'n3')
    }
    run(100)
    const at = (name: string) => arrived.filter(({ to }) => to === name).length
    expect(Math.abs(at('n2') - about)).toBeLessThan(60)
    expect([at('lin-kv'), at('n3')]).toEqual([1_000, 1_000])
    expect(network.statistics.servers.sent).toBe(2_000)
    network.disturb(undefined)
    const before = at('n2')
    for (let i = 0; i < 100; i++) send('n1', 'n2')
    run(100)
    expect(at('n2')).toBe(before + 100)
  })

  it('disturbs what some nodes send, and nothing else', () => {
    const { network, arrived, send, run } = arrange()
    network.disturb({ lossProbability: 1, nodes: ['n1'] })
    send('n1', 'n2', 'lost')
    send('n2', 'n1', 'there')
    send('n1', 'lin-kv', 'a service')
    run(10)
    expect(valuesOf(arrived)).toEqual(['there', 'a service'])
  })

  it('lets some overtake others', () => {
    const { network, arrived, send, run } = arrange()
    network.disturb({ reorderProbability: 0.5, delayMs: 20 })
    for (let i = 0; i < 100; i++) send('n1', 'n2', i)
    run(100)
    const values = valuesOf(arrived) as number[]
    expect(values.length).toBe(100)
    expect(values).not.toEqual([...values].sort((left, right) => left - right))
  })

  it('knows who was there, and who never was', () => {
    const { network, arrived, send, run } = arrange()
    network.detach('c1')
    expect(send('n1', 'c1')).toBe('sent')
    expect(send('n1', 'n9')).toBe('nobody')
    run(10)
    expect(arrived).toEqual([])
    expect(network.statistics.clients).toEqual({ sent: 1, received: 0 })
  })
})
