import { expect, test } from 'vitest'
import { text } from '../../src/foundation/bytes.ts'
import type { ContenderClient } from '../contenders/contender.ts'
import { runClosedLoop } from './closed-loop.ts'
import { drawValues, keyOf } from './keys.ts'
import type { Load } from './load.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Answers in the next turn of the event loop and keeps count. */
class FakeClient implements Pick<ContenderClient, 'put' | 'get' | 'close'> {
  readonly written = new Map<string, number>()
  underWay = 0
  mostUnderWay = 0
  calls = 0
  /** Every so many calls are refused; 0 for none. */
  readonly #refuseEvery: number

  constructor(refuseEvery = 0) {
    this.#refuseEvery = refuseEvery
  }

  async put(key: Uint8Array): Promise<void> {
    await this.#call()
    this.written.set(text(key), (this.written.get(text(key)) ?? 0) + 1)
  }

  async get(key: Uint8Array): Promise<boolean> {
    await this.#call()
    return this.written.has(text(key))
  }

  async close(): Promise<void> {}

  async #call(): Promise<void> {
    this.calls++
    this.underWay++
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay)
    await turn()
    this.underWay--
    if (this.#refuseEvery > 0 && this.calls % this.#refuseEvery === 0) throw new Error('refused on purpose')
  }
}

const load = (changes: Partial<Load>): Load => ({
  operation: 'put',
  inFlight: 8,
  warmUpMs: 0,
  measureMs: 10_000,
  operationsMax: 1_000,
  keys: 100,
  seed: 7,
  ...changes,
})

test('keys are 16 bytes and values 256', () => {
  expect(keyOf(0).length).toBe(16)
  expect(keyOf(999_999_999_999).length).toBe(16)
  expect(drawValues(2, 1).map((value) => value.length)).toEqual([256, 256])
})

test('a load ends by count, with never more calls under way than asked for', async () => {
  const client = new FakeClient()
  const result = await runClosedLoop(client, load({}), [])
  expect(result.operations).toBe(1_000)
  expect(client.mostUnderWay).toBe(8)
  expect(client.underWay).toBe(0)
  expect(result.operationsPerSecond).toBeCloseTo((1_000 * result.operations) / result.measuredMs)
})

test('a load ends by time, and the warm-up is not counted', async () => {
  const client = new FakeClient()
  const result = await runClosedLoop(client, load({ warmUpMs: 50, measureMs: 50, operationsMax: 1e9 }), [
    process.pid,
  ])
  expect(result.measuredMs).toBeGreaterThanOrEqual(40)
  expect(result.operations).toBeGreaterThan(0)
  expect(result.operations).toBeLessThan(client.calls - 8)
})

test('filling writes every key, the refused ones again', async () => {
  const client = new FakeClient(5)
  const result = await runClosedLoop(client, load({ operation: 'fill' }), [])
  expect(client.written.size).toBe(100)
  expect([...client.written.values()].every((times) => times === 1)).toBe(true)
  expect(result.operations).toBe(100)
  expect(result.errors).toBeGreaterThan(0)
  expect(result.firstError).toBe('refused on purpose')
})

test('a store that refuses everything ends the load by time', async () => {
  const result = await runClosedLoop(new FakeClient(1), load({ measureMs: 50 }), [])
  expect(result.operations).toBe(0)
  expect(result.operationsPerSecond).toBe(0)
  expect(result.errors).toBeGreaterThan(0)
})

test('a read that does not find what was written is an error', async () => {
  const result = await runClosedLoop(new FakeClient(), load({ operation: 'get', measureMs: 50 }), [])
  expect(result.operations).toBe(0)
  expect(result.firstError).toMatch('a read did not find it')
})
