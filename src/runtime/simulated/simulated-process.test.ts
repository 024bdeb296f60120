import { describe, expect, test } from 'vitest'
import { text, utf8 } from '../../foundation/bytes.ts'
import { endpoint } from '../network.ts'
import type { Runtime } from '../runtime.ts'
import { busyWorld, listener, onlyFaults } from '../testing/world.ts'
import { Simulation } from './simulation.ts'

describe('a crash', () => {
  test('silences every timer, callback and message of that life', () => {
    const world = new Simulation({ seed: 1 })
    const other = listener(world, 2)
    const node = world.spawn('node', { nodeId: 1 })
    const happened: string[] = []
    let dead: Runtime | undefined
    node.start((runtime) => {
      dead = runtime
      runtime.network.onMessage(() => happened.push('message'))
      runtime.network.onDisconnect(() => happened.push('disconnect'))
      runtime.timer(10, () => happened.push('timer'))
      runtime.disk.open('a', { create: true }, () => happened.push('disk'))
      runtime.soon(() => happened.push('soon'))
      other.runtime.network.send(endpoint(1), utf8('in flight'))
    })
    // The start itself is the first event.
    world.runUntil(() => dead !== undefined, { withinMs: 1 })
    node.crash()
    expect(node.isRunning).toBe(false)

    dead!.timer(1, () => happened.push('timer set when dead'))
    dead!.soon(() => happened.push('soon asked when dead'))
    dead!.disk.open('b', { create: true }, () => happened.push('disk asked when dead'))
    expect(dead!.network.send(endpoint(2), utf8('from the dead'))).toBe('unreachable')
    expect(dead!.network.isReachable(endpoint(2))).toBe(false)
    world.run({ untilMs: 1_000 })
    expect(happened).toEqual([])
    expect(other.heard).toEqual([])
    expect(node.disk.peek('b')).toBeUndefined()
  })

  test('gives the next life a runtime of its own', () => {
    const world = new Simulation({ seed: 1 })
    const node = world.spawn('node', { nodeId: 1 })
    const lives: { runtime: Runtime; ids: number[]; fired: boolean }[] = []
    node.start((runtime) => {
      const life = { runtime, ids: [runtime.random.id(), runtime.random.id()], fired: false }
      lives.push(life)
      runtime.timer(5, () => {
        life.fired = true
      })
    })
    world.run({ untilMs: 1 })
    node.restart()
    world.run({ untilMs: 100 })
    expect(lives.map(({ fired }) => fired)).toEqual([false, true])
    expect(lives[0]!.ids).not.toEqual(lives[1]!.ids)
    expect(node.incarnations).toBe(2)
  })

  test('may or may not lose what was sent just before', () => {
    const arrived = Array.from({ length: 40 }, (_, seed) => {
      const world = new Simulation({ seed })
      const one = listener(world, 1)
      const two = listener(world, 2)
      one.runtime.network.send(endpoint(2), utf8('last words'))
      one.process.crash()
      world.run({ untilMs: 100 })
      return two.heard.length
    })
    expect(new Set(arrived)).toEqual(new Set([0, 1]))
  })

  test('is what abort ends in, for the one who aborts alone', () => {
    const world = new Simulation({ seed: 1 })
    const aborted: string[] = []
    world.onAbort((process, reason) => aborted.push(`${process.name}: ${reason.message}`))
    const node = world.spawn('node', { nodeId: 1 })
    let reached = false
    node.start((runtime) => {
      runtime.timer(5, () => {
        runtime.abort(new Error('the disk failed'))
        reached = true
      })
    })
    const other = world.spawn('other', { nodeId: 2 })
    let ticks = 0
    other.start((runtime) => runtime.timer(10, () => ticks++))
    world.run({ untilMs: 100 })
    expect(aborted).toEqual(['node: the disk failed'])
    expect(reached).toBe(false)
    expect(node.isRunning).toBe(false)
    expect(node.abortReason?.message).toBe('the disk failed')
    expect(ticks).toBe(1)
    expect(world.picture()).toContain('ends itself: the disk failed')
  })
})

describe('a pause', () => {
  test('holds everything back, and lets it happen late and in order', () => {
    const world = new Simulation({ seed: 1 })
    const happened: string[] = []
    const node = world.spawn('node', { nodeId: 1 })
    let startMs = 0
    let cancelled: { cancel(): void } | undefined
    node.start((runtime) => {
      startMs = runtime.clock.monotonicMs()
      const at = (): number => Math.round(runtime.clock.monotonicMs() - startMs)
      runtime.network.onMessage((_, message) => {
        happened.push(`${text(message)} at ${at()}`)
        cancelled?.cancel()
      })
      runtime.timer(50, () => happened.push(`timer at ${at()}`))
      cancelled = runtime.timer(60, () => happened.push('a timer that was cancelled'))
      runtime.timer(300, () => happened.push(`late timer at ${at()}`))
    })
    const other = listener(world, 2)
    world.run({ untilMs: 10 })
    node.pause()
    other.runtime.network.send(endpoint(1), utf8('message'))
    world.run({ untilMs: 200 })
    expect(node.isPaused).toBe(true)
    expect(happened).toEqual([])
    node.resume()
    world.run({ untilMs: 400 })
    expect(happened).toEqual(['message at 200', 'timer at 200', 'late timer at 300'])
  })

  test('ends with a crash', () => {
    const world = new Simulation({ seed: 1 })
    const node = world.spawn('node', { nodeId: 1 })
    let fired = 0
    node.start((runtime) => runtime.timer(5, () => fired++))
    world.run({ untilMs: 1 })
    node.pause()
    world.run({ untilMs: 10 })
    node.restart()
    node.resume()
    world.run({ untilMs: 100 })
    expect(fired).toBe(1)
  })
})

describe('clocks', () => {
  const clocksOf = (seed: number, faults: Parameters<typeof onlyFaults>[0]) => {
    const world = new Simulation({ seed, faults: onlyFaults(faults) })
    return { world, nodes: [1, 2, 3].map((id) => listener(world, id)) }
  }

  test('agree on the wall while nothing is wrong, and never on the monotonic time', () => {
    const { world, nodes } = clocksOf(1, {})
    world.run({ untilMs: 1_000 })
    expect(new Set(nodes.map(({ runtime }) => runtime.clock.wallMs()))).toEqual(new Set([1_704_067_201_000]))
    expect(new Set(nodes.map(({ runtime }) => runtime.clock.monotonicMs())).size).toBe(3)
  })

  test('are off', () => {
    const { nodes } = clocksOf(1, { clock: { offsetMsMax: 1_000 } })
    const offsets = nodes.map(({ runtime }) => runtime.clock.wallMs() - 1_704_067_200_000)
    expect(new Set(offsets).size).toBe(3)
    for (const offset of offsets) expect(Math.abs(offset)).toBeLessThanOrEqual(1_000)
  })

  test('drift, the monotonic one too, and timers with them, never early', () => {
    const { world, nodes } = clocksOf(1, { clock: { driftPpmMax: 1_000 } })
    const starts = nodes.map(({ runtime }) => runtime.clock.monotonicMs())
    const waited: number[] = []
    for (const [i, { runtime }] of nodes.entries()) {
      runtime.timer(100_000, () => waited.push(runtime.clock.monotonicMs() - starts[i]!))
    }
    world.run({ untilMs: 100_000 })
    const passed = nodes.map(({ runtime }, i) => runtime.clock.monotonicMs() - starts[i]!)
    expect(new Set(passed.map(Math.round)).size).toBe(3)
    for (const each of passed) expect(Math.abs(each - 100_000)).toBeLessThanOrEqual(100)
    world.run({ untilMs: 101_000 })
    expect(waited.length).toBe(3)
    for (const each of waited) expect(each).toBeGreaterThanOrEqual(100_000)
    for (const each of waited) expect(each).toBeLessThan(100_000.01)
  })

  test('jump on the wall, and not on the monotonic clock', () => {
    const { world, nodes } = clocksOf(1, { clock: { jumpEveryMs: 1_000, jumpMsMax: 50_000 } })
    const nemesis = world.unleash({ untilMs: 10_000 })
    const startMs = nodes[0]!.runtime.clock.monotonicMs()
    world.run({ untilMs: 10_000 })
    expect(nemesis.counts.clockJumps).toBeGreaterThan(5)
    const errors = nodes.map(({ runtime }) => Math.abs(runtime.clock.wallMs() - 1_704_067_210_000))
    expect(Math.max(...errors)).toBeGreaterThan(1_000)
    expect(nodes[0]!.runtime.clock.monotonicMs() - startMs).toBeCloseTo(10_000, 3)
  })
})

describe('the nemesis', () => {
  const chaos = onlyFaults({
    process: {
      crashEveryMs: 500,
      downForMs: { min: 50, max: 400 },
      pauseEveryMs: 700,
      pauseForMs: { min: 50, max: 400 },
      disturbedMax: 2,
    },
    network: {
      partitionEveryMs: 800,
      partitionForMs: { min: 100, max: 500 },
      clogEveryMs: 900,
      clogForMs: { min: 50, max: 300 },
    },
  })

  test('does each thing, never to more processes at a time than allowed, and mends everything in the end', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const world = new Simulation({ seed, faults: chaos })
      const nodes = [1, 2, 3, 4, 5].map((id) => listener(world, id))
      const client = world.spawn('client')
      client.start(() => {})
      let most = 0
      world.afterEvent(() => {
        const disturbed = nodes.filter(({ process }) => !process.isRunning || process.isPaused).length
        most = Math.max(most, disturbed)
      })
      const nemesis = world.unleash({ untilMs: 20_000 })
      world.run({ untilMs: 20_001 })
      expect(most).toBe(2)
      expect(Math.min(nemesis.counts.crashes, nemesis.counts.pauses)).toBeGreaterThan(3)
      expect(Math.min(nemesis.counts.partitions, nemesis.counts.clogs)).toBeGreaterThan(3)
      expect(nemesis.isOver).toBe(true)
      expect(client.incarnations).toBe(1)
      for (const { process } of nodes) {
        expect(process.isRunning && !process.isPaused).toBe(true)
        for (const other of nodes) expect(world.network.isCut(process, other.process)).toBe(false)
      }
      const { crashes } = nemesis.counts
      world.run({ untilMs: 60_000 })
      expect(nemesis.counts.crashes).toBe(crashes)
    }
  })

  test('does nothing while all faults are off', () => {
    const world = new Simulation({ seed: 1 })
    const node = listener(world, 1)
    const nemesis = world.unleash({ untilMs: 60_000 })
    world.run({ untilMs: 100_000 })
    expect(nemesis.counts).toEqual({ crashes: 0, pauses: 0, partitions: 0, clogs: 0, clockJumps: 0 })
    expect(node.process.incarnations).toBe(1)
  })

  test('and a swarm of faults differ from seed to seed, and every kind comes', () => {
    const kinds = new Set<string>()
    for (let seed = 1; seed <= 30; seed++) {
      const { faults } = busyWorld(seed)
      for (const part of Object.values(faults)) {
        for (const [name, strength] of Object.entries(part as Record<string, unknown>)) {
          if (typeof strength !== 'number' || !/Probability|EveryMs|Max$/.test(name)) continue
          kinds.add(`${name} ${strength > 0 ? 'on' : 'off'}`)
        }
      }
    }
    for (const name of [
      'lossProbability',
      'crashEveryMs',
      'partitionEveryMs',
      'syncErrorProbability',
      'offsetMsMax',
    ]) {
      expect(kinds).toContain(`${name} on`)
      expect(kinds).toContain(`${name} off`)
    }
  })
})

test('the picture shows who sent what to whom', () => {
  const world = new Simulation({ seed: 1, describeMessage: (message) => `"${text(message)}"` })
  const one = listener(world, 1)
  const three = [listener(world, 2), listener(world, 3)][1]!
  one.runtime.network.send(endpoint(3), utf8('hello'))
  world.run({ untilMs: 10 })
  three.runtime.network.send(endpoint(1), utf8('hi'))
  world.run({ untilMs: 20 })
  three.process.crash()
  world.note('the end')
  expect(world.picture()).toMatchInlineSnapshot(`
    "              0 = node 1, 1 = node 2, 2 = node 3
         time ms  0   1   2
           0.000  ●   │   │    node 1: start
           0.000  │   ●   │    node 2: start
           0.000  │   │   ●    node 3: start
           0.521  ○──────▶●    node 3 ◀ node 1, 5 bytes: "hello"
          10.441  ●◀──────○    node 1 ◀ node 3, 2 bytes: "hi"
          20.000  │   │   ✗    node 3: crash
          20.000  │   │   │    the world: the end"
  `)
})

test('an error in a process ends the run with seed, time and picture', () => {
  const world = new Simulation({ seed: 77, replay: 'again 77' })
  world.spawn('node').start((runtime) =>
    runtime.timer(12, () => {
      throw new Error('a bug')
    }),
  )
  expect(() => world.run({ untilMs: 100 })).toThrow(
    /seed 77 failed at 12\.\d+ ms[\s\S]*a bug[\s\S]*node: timer[\s\S]*again 77/,
  )
})
