import { randomBytes, randomUUID } from 'node:crypto'
import { setImmediate as immediately } from 'node:timers'
import { setTimeout as sleepFor } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Runtime } from '../runtime.ts'
import { onlyFaults } from '../testing/world.ts'
import { type SimulateOptions, simulate } from './simulate.ts'
import type { SimulatedWorld } from './simulated-world.ts'
import { SimulationError } from './simulation-error.ts'

async function failureOf(run: Promise<unknown>): Promise<SimulationError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(SimulationError)
  return error as SimulationError
}

const calm: SimulateOptions = { seed: 1, faults: 'none' }

const forbidden: readonly (readonly [string, () => unknown, string])[] = [
  ['Date.now()', () => Date.now(), 'runtime.clock.wallMs()'],
  ['new Date()', () => new Date(), 'runtime.clock.wallMs()'],
  ['Date()', () => Date(), 'runtime.clock.wallMs()'],
  ['performance.now()', () => performance.now(), 'runtime.clock.monotonicMs()'],
  ['process.hrtime()', () => process.hrtime(), 'runtime.clock.monotonicMs()'],
  ['process.hrtime.bigint()', () => process.hrtime.bigint(), 'runtime.clock.monotonicMs()'],
  ['process.uptime()', () => process.uptime(), 'runtime.clock.monotonicMs()'],
  ['Math.random()', () => Math.random(), 'runtime.random.next()'],
  ['crypto.randomUUID()', () => crypto.randomUUID(), 'runtime.random.id()'],
  ['crypto.randomUUID()', () => randomUUID(), 'runtime.random.id()'],
  ['crypto.getRandomValues()', () => crypto.getRandomValues(new Uint8Array(1)), 'runtime.random'],
  ['crypto.randomBytes()', () => randomBytes(1), 'runtime.random'],
  ['setTimeout()', () => setTimeout(() => {}, 1), 'runtime.timer(delayMs, fire)'],
  ['setInterval()', () => setInterval(() => {}, 1), 'runtime.timer(delayMs, fire)'],
  ['setImmediate()', () => setImmediate(() => {}), 'runtime.soon(run)'],
  ['setImmediate()', () => immediately(() => {}), 'runtime.soon(run)'],
  ['timers/promises setTimeout()', () => sleepFor(1), 'runtime.timer(delayMs, fire)'],
  ['process.nextTick()', () => process.nextTick(() => {}), 'runtime.soon(run)'],
  ['fetch()', () => fetch('http://127.0.0.1:1'), 'runtime.network'],
  ['AbortSignal.timeout()', () => AbortSignal.timeout(1), 'runtime.timer(delayMs, fire)'],
]

describe('during a simulation', () => {
  test.each(forbidden)('%s throws and names its replacement', async (name, call, replacement) => {
    let thrown: unknown
    const failure = await failureOf(
      simulate(calm, async (world) => {
        world.spawn('service', (runtime) =>
          runtime.timer(5, () => {
            try {
              call()
            } catch (error) {
              thrown = error
            }
          }),
        )
        await world.sleep(10)
      }),
    )
    // Even swallowed it ends the run, at the time it happened.
    expect(thrown).toBe(failure.cause)
    expect(failure.message).toContain(`${name} was called during a simulation`)
    expect(failure.message).toContain(replacement)
    expect(failure.virtualTimeMs).toBeCloseTo(5, 2)
  })

  test('the scenario itself is held to the same', async () => {
    const failure = await failureOf(simulate(calm, async () => void Date.now()))
    expect(failure.message).toContain('runtime.clock.wallMs()')
  })

  test('what depends on nothing outside goes on working', async () => {
    await simulate(calm, async (world) => {
      expect(new Date(5).toISOString()).toBe('1970-01-01T00:00:00.005Z')
      expect(new Date(5)).toBeInstanceOf(Date)
      expect(Date.UTC(1970, 0, 2)).toBe(86_400_000)
      // Writing to stdout makes Node itself call nextTick.
      process.stdout.write('')
      console.debug('a line from inside a simulation')
      const controller = new AbortController()
      controller.abort()
      await Promise.all([1, 2, 3].map((ms) => world.sleep(ms)))
      await new Promise<void>((resolve) => queueMicrotask(resolve))
    })
  })
})

describe('after a simulation everything is as it was', () => {
  const real = (): unknown[] => [
    Date,
    Math.random,
    performance.now,
    setTimeout,
    setImmediate,
    process.nextTick,
    process.hrtime,
    fetch,
    crypto.randomUUID,
    randomUUID,
    Object.getOwnPropertyNames(performance),
  ]

  test('when it went well, and when it failed', async () => {
    const before = real()
    await simulate(calm, (world) => world.sleep(5))
    expect(real()).toEqual(before)
    await failureOf(simulate(calm, () => Promise.reject(new Error('no'))))
    await failureOf(simulate(calm, async () => void Math.random()))
    await failureOf(
      simulate(calm, async (world) => {
        world.spawn('service', () => {
          throw new Error('no')
        })
      }),
    )
    expect(real()).toEqual(before)
    expect(process.listenerCount('unhandledRejection')).toBeLessThan(5)
    expect(Date.now()).toBeGreaterThan(1_700_000_000_000)
  })
})

describe('a run fails', () => {
  const cases: readonly (readonly [string, (world: SimulatedWorld) => Promise<void>, RegExp])[] = [
    ['when the scenario throws', () => Promise.reject(new Error('scenario')), /Error: scenario/],
    [
      'when the scenario throws at once',
      () => {
        throw new Error('at once')
      },
      /Error: at once/,
    ],
    [
      'when a callback of a service throws',
      async (world) => {
        world.spawn('service', (runtime) =>
          runtime.timer(1, () => {
            throw new Error('callback')
          }),
        )
        await world.sleep(10)
      },
      /Error: callback/,
    ],
    [
      'when a promise of a service is rejected and nobody listens',
      async (world) => {
        world.spawn('service', async (runtime) => {
          await new Promise<void>((resolve) => runtime.timer(1, resolve))
          throw new Error('promise')
        })
        await world.sleep(10)
      },
      /Error: promise/,
    ],
    ['when the scenario never ends', () => new Promise(() => {}), /did not end within 70000 ms/],
    [
      'when a condition does not come true',
      (world) => world.until(() => false, { withinMs: 30 }),
      /did not hold within 30 ms/,
    ],
    [
      'when an invariant breaks',
      async (world) => {
        world.spawn('service', (runtime) => runtime.timer(5, () => {}))
        world.afterEvent(() => {
          if (world.nowMs > 4) throw new Error('invariant')
        })
        await world.sleep(10)
      },
      /Error: invariant/,
    ],
  ]

  test.each(cases)('%s', async (_, scenario, message) => {
    const failure = await failureOf(
      simulate({ ...calm, seed: 42, replay: (seed) => `again ${seed}` }, scenario),
    )
    expect(failure.message).toMatch(message)
    expect(failure.message).toContain('seed 42 failed at')
    expect(failure.message).toContain('the last events:')
    expect(failure.message).toContain('to replay: again 42')
    expect(failure.seed).toBe(42)
  })

  test('while another one is running in this process', async () => {
    const first = simulate(calm, (world) => world.sleep(5))
    await expect(simulate(calm, (world) => world.sleep(5))).rejects.toThrow(
      /is running in this process already/,
    )
    await first
  })
})

describe('a world', () => {
  test('settles promises between events, at the time of the event they waited for', async () => {
    const times: number[] = []
    await simulate(calm, async (world) => {
      const wait = (runtime: Runtime, ms: number): Promise<void> =>
        new Promise((resolve) => void runtime.timer(ms, resolve))
      const done = world.spawn('service', async (runtime) => {
        const startMs = runtime.clock.monotonicMs()
        for (let i = 0; i < 3; i++) {
          await wait(runtime, 10)
          // Far more promise callbacks than events.
          for (let j = 0; j < 100; j++) await undefined
          times.push(Math.floor(runtime.clock.monotonicMs() - startMs))
        }
      })
      // Ticks in between, which must not overtake.
      world.spawn('other', (runtime) => {
        const tick = (): void => void runtime.timer(0.5, tick)
        tick()
      })
      await done.service
    })
    expect(times).toEqual([10, 20, 30])
  })

  test('starts a service anew from its factory, with what its disk kept', async () => {
    await simulate(calm, async (world) => {
      const lives: string[] = []
      const server = world.spawn(
        'server',
        (runtime) => {
          const life = { names: [] as readonly string[] }
          runtime.disk.list('', (_, names) => {
            life.names = names
            lives.push(names.join(' '))
            runtime.disk.open(`life ${lives.length}`, { create: true }, () =>
              runtime.disk.syncDirectory('', () => {}),
            )
          })
          return life
        },
        { nodeId: 1 },
      )
      await world.sleep(100)
      const first = server.service
      server.process.crash()
      expect(() => server.service).toThrow(/server is down/)
      server.process.restart()
      await world.sleep(100)
      expect(server.service).not.toBe(first)
      expect(lives).toEqual(['', 'life 1'])
    })
  })

  test('runs the faults for their time, then mends everything', async () => {
    const faults = onlyFaults({
      process: { crashEveryMs: 300, downForMs: { min: 100, max: 2_000 }, disturbedMax: 1 },
    })
    await simulate({ seeds: [1, 2, 3], faults, durationMs: 5_000 }, async (world) => {
      const server = world.spawn('server', () => ({}), { nodeId: 1 })
      await world.faultsOver()
      expect(world.nowMs).toBe(5_000)
      expect(server.process.incarnations).toBeGreaterThan(3)
      const { incarnations } = server.process
      await world.sleep(10_000)
      expect(server.process.isRunning).toBe(true)
      expect(server.process.incarnations).toBe(incarnations)
    })
  })

  test('is the same for the same seed, and another one for each seed', async () => {
    const scenario = async (world: SimulatedWorld): Promise<void> => {
      world.spawn('a', (runtime) => runtime.network.onMessage((from, m) => runtime.network.send(from, m)), {
        nodeId: 1,
      })
      const client = world.spawn('client', (runtime) => runtime)
      const node = client.service.network.connect('node/1')
      for (let i = 0; i < 50; i++) {
        client.service.network.send(node, new Uint8Array([client.service.random.integer(0, 255)]))
        await world.sleep(world.random.integer(1, 50))
      }
    }
    const runs = await simulate({ seeds: 5 }, scenario)
    expect(runs.map(({ seed }) => seed)).toEqual([1, 2, 3, 4, 5])
    expect(new Set(runs.map(({ traceHash }) => traceHash)).size).toBe(5)
    expect(await simulate({ seeds: [5, 4, 3, 2, 1] }, scenario)).toEqual(runs.toReversed())
  })
})
