import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { promised } from '../testing/promises.ts'
import { createNodeRuntime, type NodeRuntime, type NodeRuntimeOptions } from './node-runtime.ts'

let directory: string
const open: NodeRuntime[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-runtime-'))
})
afterEach(async () => {
  for (const runtime of open.splice(0)) await runtime.close()
  rmSync(directory, { recursive: true, force: true })
})

async function runtimeWith(options: Partial<NodeRuntimeOptions> = {}): Promise<NodeRuntime> {
  const network = { framing: tcpFraming, clusterId: 'test', nodeId: 1, listen: '127.0.0.1:0' }
  const runtime = await createNodeRuntime({ directory, network, ...options })
  open.push(runtime)
  return runtime
}

test('a timer fires once, never early, and not after it was cancelled', async () => {
  const runtime = await runtimeWith()
  const waits = await Promise.all(
    Array.from({ length: 50 }, (_, i) => {
      const startMs = runtime.clock.monotonicMs()
      const delayMs = i / 7
      return new Promise<number>((resolve) =>
        runtime.timer(delayMs, () => resolve(runtime.clock.monotonicMs() - startMs - delayMs)),
      )
    }),
  )
  for (const late of waits) expect(late).toBeGreaterThanOrEqual(0)
  let fired = false
  const timer = runtime.timer(1, () => {
    fired = true
  })
  timer.cancel()
  timer.cancel()
  await new Promise<void>((resolve) => runtime.timer(10, resolve))
  expect(fired).toBe(false)
})

test('soon comes after this turn, once for each call', async () => {
  const runtime = await runtimeWith()
  const order: string[] = []
  await new Promise<void>((resolve) => {
    runtime.soon(() => order.push('soon'))
    runtime.soon(resolve)
    order.push('now')
  })
  expect(order).toEqual(['now', 'soon'])
})

test('random numbers differ, unless there is a seed', async () => {
  const draw = async (seed?: number): Promise<number[]> => {
    const { random } = await runtimeWith(seed === undefined ? {} : { seed })
    const numbers = [random.id(), random.next(), random.integer(5, 7)]
    expect(numbers[2]! >= 5 && numbers[2]! <= 7).toBe(true)
    return numbers
  }
  expect(await draw()).not.toEqual(await draw())
  expect(await draw(3)).toEqual(await draw(3))
})

test('closing frees the port and the directory, and silences timers', async () => {
  const first = await runtimeWith()
  const address = first.network.address!
  await promised((done) => first.disk.lock(done))
  let fired = 0
  first.timer(5, () => fired++)
  first.soon(() => fired++)
  await first.close()
  first.timer(1, () => fired++)
  const network = { framing: tcpFraming, clusterId: 'test', nodeId: 1, listen: address }
  const second = await runtimeWith({ network })
  await promised((done) => second.disk.lock(done))
  await new Promise<void>((resolve) => second.timer(20, resolve))
  expect(fired).toBe(0)
})

test('a port in use is told before anything runs', async () => {
  const first = await runtimeWith()
  const network = { framing: tcpFraming, clusterId: 'test', nodeId: 2, listen: first.network.address! }
  await expect(runtimeWith({ network })).rejects.toThrow(/cannot listen on 127\.0\.0\.1:\d+: another process/)
})

test('abort hands over the reason and never returns', async () => {
  const abort = vi.fn()
  const runtime = await runtimeWith({ abort })
  const reason = new Error('the disk failed')
  expect(() => runtime.abort(reason)).toThrow(reason)
  expect(abort).toHaveBeenCalledWith(reason)
})
