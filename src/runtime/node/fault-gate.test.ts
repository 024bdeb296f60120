import { describe, expect, test } from 'vitest'
import { NODE_ID_MAX } from '../../foundation/ids.ts'
import { type Endpoint, endpoint } from '../network.ts'
import { SeededRandom } from '../seeded-random.ts'
import { FaultGate, type PeerDisturbance } from './fault-gate.ts'

const MEMBER = endpoint(2)
const CLIENT = endpoint(NODE_ID_MAX + 1)
const MESSAGES = 2_000

function draw(disturbance: PeerDisturbance, to: Endpoint = MEMBER): (readonly number[])[] {
  const gate = new FaultGate()
  gate.disturbPeers(disturbance)
  const random = new SeededRandom(1)
  return Array.from({ length: MESSAGES }, () => gate.drawDelays(to, random))
}

describe('the fault gate', () => {
  test('cuts one way: who is not heard is reached, who is not reached is heard', () => {
    const gate = new FaultGate()
    gate.deafen([endpoint(2)])
    gate.mute([endpoint(3)])
    const both = (node: number) => [gate.dropsFrom(endpoint(node)), gate.dropsTo(endpoint(node))]
    expect([both(2), both(3), both(4)]).toEqual([
      [true, false],
      [false, true],
      [false, false],
    ])
    gate.block(endpoint(4))
    expect(both(4)).toEqual([true, true])
  })

  test('asks nothing on a healthy network, and knows when it is one again', () => {
    const gate = new FaultGate()
    const changes: [(gate: FaultGate) => void, (gate: FaultGate) => void][] = [
      [(gate) => gate.block(MEMBER), (gate) => gate.unblock(MEMBER)],
      [(gate) => gate.deafen([MEMBER]), (gate) => gate.deafen([])],
      [(gate) => gate.mute([MEMBER]), (gate) => gate.mute([])],
      [(gate) => gate.disturb({ delayMs: 5 }), (gate) => gate.disturb({ delayMs: 0 })],
      [(gate) => gate.disturbPeers({ lossProbability: 0.1 }), (gate) => gate.disturbPeers({})],
    ]
    for (const [begin, end] of changes) {
      begin(gate)
      expect(gate.isActive).toBe(true)
      end(gate)
      expect(gate.isActive).toBe(false)
      begin(gate)
      gate.clear()
      expect(gate.isActive).toBe(false)
    }
  })

  test('loses, doubles and holds back as many messages as was said', () => {
    const part = (delays: (readonly number[])[], of: (each: readonly number[]) => boolean) =>
      delays.filter(of).length / MESSAGES
    expect(part(draw({ lossProbability: 0.2 }), (each) => each.length === 0)).toBeCloseTo(0.2, 1)
    expect(part(draw({ duplicateProbability: 0.3 }), (each) => each.length === 2)).toBeCloseTo(0.3, 1)
    expect(part(draw({ delayMs: 40 }), ([first]) => first === 40)).toBe(1)
    const reordered = draw({ reorderProbability: 0.25, delayMs: 40 })
    expect(part(reordered, ([first]) => first === 40)).toBeCloseTo(0.25, 1)
    expect(part(reordered, ([first]) => first === 0)).toBeCloseTo(0.75, 1)
  })

  test('spares clients', () => {
    const delays = draw({ lossProbability: 1, duplicateProbability: 1, delayMs: 40 }, CLIENT)
    expect(delays.every((each) => each.length === 1 && each[0] === 0)).toBe(true)
  })
})
