import { describe, expect, test } from 'vitest'
import { text, utf8 } from '../../foundation/bytes.ts'
import { endpoint } from '../network.ts'
import { listener, onlyFaults } from '../testing/world.ts'
import type { NetworkFaults } from './faults.ts'
import { Simulation } from './simulation.ts'

const COUNT = 1_000

/** Numbers sent from 1 to 2, one each millisecond, as they arrive. */
function transmission(faults: Partial<NetworkFaults>): { numbers: number[]; delaysMs: number[] } {
  const world = new Simulation({ seed: 5, faults: onlyFaults({ network: faults }) })
  const one = listener(world, 1)
  const two = listener(world, 2)
  for (let i = 0; i < COUNT; i++) {
    world.after(i, () => one.runtime.network.send(endpoint(2), new Uint8Array([i >> 8, i])))
  }
  world.run({ untilMs: COUNT + 10_000 })
  const numbers = two.heard.map(({ message }) => message[0]! * 256 + message[1]!)
  return { numbers, delaysMs: two.heard.map(({ atMs }, i) => atMs - numbers[i]!) }
}

const inversions = (numbers: readonly number[]): number =>
  numbers.filter((number, i) => i > 0 && number < numbers[i - 1]!).length

describe('a network', () => {
  test('without faults carries everything once, in order, quickly', () => {
    const { numbers, delaysMs } = transmission({ jitterMs: 5 })
    expect(numbers).toEqual(Array.from({ length: COUNT }, (_, i) => i))
    expect(Math.max(...delaysMs)).toBeLessThan(6)
    expect(Math.max(...delaysMs)).toBeGreaterThan(3)
  })

  test('loses messages', () => {
    const { numbers } = transmission({ lossProbability: 0.2 })
    expect(numbers.length).toBeGreaterThan(COUNT * 0.7)
    expect(numbers.length).toBeLessThan(COUNT * 0.9)
  })

  test('doubles messages', () => {
    const { numbers } = transmission({ duplicateProbability: 0.2 })
    expect(new Set(numbers).size).toBe(COUNT)
    expect(numbers.length).toBeGreaterThan(COUNT * 1.1)
  })

  test('reorders messages', () => {
    const { numbers } = transmission({ reorderProbability: 0.2, reorderMs: 20 })
    expect(numbers.length).toBe(COUNT)
    expect(inversions(numbers)).toBeGreaterThan(COUNT * 0.05)
  })

  test('gives each link a delay of its own', () => {
    const world = new Simulation({
      seed: 1,
      faults: onlyFaults({ network: { delayMs: { min: 1, max: 100 }, jitterMs: 0 } }),
    })
    const nodes = [1, 2, 3, 4].map((id) => listener(world, id))
    for (const id of [2, 3, 4]) nodes[0]!.runtime.network.send(endpoint(id), utf8('x'))
    world.run({ untilMs: 200 })
    expect(new Set(nodes.slice(1).map(({ heard }) => heard[0]!.atMs)).size).toBe(3)
  })
})

describe('links', () => {
  const three = (): { world: Simulation; nodes: ReturnType<typeof listener>[]; tell: () => string[] } => {
    const world = new Simulation({ seed: 2 })
    const nodes = [1, 2, 3, 4, 5].map((id) => listener(world, id))
    /** Everybody tells everybody; who heard whom. */
    const tell = (): string[] => {
      for (const node of nodes) {
        node.heard.length = 0
        for (const other of nodes) {
          if (other !== node) node.runtime.network.send(endpoint(other.process.nodeId), utf8('hello'))
        }
      }
      world.run({ untilMs: world.nowMs + 100 })
      return nodes.map(({ heard }) =>
        heard
          .map(({ from }) => from)
          .sort()
          .join(''),
      )
    }
    return { world, nodes, tell }
  }

  test('carry everything', () => {
    expect(three().tell()).toEqual(['2345', '1345', '1245', '1235', '1234'])
  })

  test('are cut one way', () => {
    const { world, nodes, tell } = three()
    world.network.cutOneWay(nodes[0]!.process, nodes[1]!.process)
    expect(tell()).toEqual(['2345', '345', '1245', '1235', '1234'])
    expect(nodes[0]!.runtime.network.isReachable(endpoint(2))).toBe(false)
    world.network.heal()
    expect(tell()[1]).toBe('1345')
  })

  test('are cut between halves, and mended', () => {
    const { world, nodes, tell } = three()
    const [a, b, c, d, e] = nodes.map(({ process }) => process)
    world.network.partition([
      [a!, b!],
      [c!, d!, e!],
    ])
    expect(tell()).toEqual(['2', '1', '45', '35', '34'])
    expect(nodes[0]!.runtime.network.send(endpoint(3), utf8('lost'))).toBe('accepted')
    world.network.mend(a!, c!)
    expect(tell()).toEqual(['23', '1', '145', '35', '34'])
    world.network.heal()
    expect(tell()[0]).toBe('2345')
  })

  test('are cut around one, in a ring where each sees a majority, and but for a bridge', () => {
    const { world, nodes, tell } = three()
    const processes = nodes.map(({ process }) => process)
    world.network.isolate(processes[1]!)
    expect(tell()).toEqual(['345', '', '145', '135', '134'])
    world.network.heal()
    world.network.majorityRing(processes)
    expect(tell()).toEqual(['25', '13', '24', '35', '14'])
    world.network.heal()
    world.network.bridge(processes)
    expect(tell()).toEqual(['23', '13', '1245', '35', '34'])
  })

  test('lose what was on its way when they were cut', () => {
    const { world, nodes } = three()
    nodes[0]!.runtime.network.send(endpoint(2), utf8('too late'))
    world.network.cut(nodes[0]!.process, nodes[1]!.process)
    world.run({ untilMs: 100 })
    expect(nodes[1]!.heard).toEqual([])
  })

  test('clog in one direction, and everything arrives afterwards', () => {
    const { world, nodes } = three()
    world.network.clog(nodes[0]!.process, nodes[1]!.process, 500)
    nodes[0]!.runtime.network.send(endpoint(2), utf8('held back'))
    nodes[1]!.runtime.network.send(endpoint(1), utf8('at once'))
    world.run({ untilMs: 400 })
    expect(nodes[0]!.heard.length).toBe(1)
    expect(nodes[1]!.heard.length).toBe(0)
    world.run({ untilMs: 501 })
    expect(text(nodes[1]!.heard[0]!.message)).toBe('held back')
  })

  test('take no more than their queue holds', () => {
    const { world, nodes } = three()
    nodes[1]!.process.pause()
    const large = new Uint8Array(8 << 20)
    const outcomes = Array.from({ length: 6 }, () => nodes[0]!.runtime.network.send(endpoint(2), large))
    expect(outcomes).toEqual(['accepted', 'accepted', 'accepted', 'accepted', 'full', 'full'])
    nodes[1]!.process.resume()
    world.run({ untilMs: 100 })
    expect(nodes[0]!.runtime.network.send(endpoint(2), large)).toBe('accepted')
  })

  test('notice a message that its sender changed afterwards', () => {
    const { world, nodes } = three()
    const message = utf8('do not touch')
    nodes[0]!.runtime.network.send(endpoint(2), message)
    message[0] = 0
    expect(() => world.run({ untilMs: 100 })).toThrow(/node 1 left the bytes of a message alone/)
  })
})
