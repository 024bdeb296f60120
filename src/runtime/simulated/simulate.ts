import { DureError } from '../../foundation/errors.ts'
import { ForbiddenCalls } from '../node/forbidden-calls.ts'
import { UnhandledRejections } from '../node/unhandled-rejections.ts'
import { SeededRandom } from '../seeded-random.ts'
import { type FaultPlan, noFaults, swarmFaults } from './faults.ts'
import { SimulatedWorld } from './simulated-world.ts'
import { Simulation } from './simulation.ts'

export interface SimulateOptions {
  /** The one seed to run, for example to replay a failure. */
  readonly seed?: number
  /** The seeds to run one after the other, or how many from 1. 1 unless said. */
  readonly seeds?: number | readonly number[]
  /** How long faults happen, in virtual time; 10,000 ms unless said. The scenario may end before or go on after. */
  readonly durationMs?: number
  /** A scenario that has not ended by then has failed; the fault phase and 60,000 ms more unless said. */
  readonly limitMs?: number
  /** `swarm`, the default: each seed draws which faults happen, and how badly. */
  readonly faults?: 'none' | 'swarm' | FaultPlan
  readonly describeMessage?: (message: Uint8Array) => string
  /** Says how a failing seed is run again, for example by a command. */
  readonly replay?: (seed: number) => string
}

export interface SimulatedRun {
  readonly seed: number
  /** Two runs of one seed that differ here depend on something that does not come from the seed. */
  readonly traceHash: string
  readonly eventCount: number
  readonly virtualMs: number
}

let isRunning = false

/**
 * Runs a scenario in a simulated world, once for each seed.
 *
 * ```ts
 * await simulate({ seeds: 100, durationMs: 30_000 }, async (world) => {
 *   world.spawn('server', (runtime) => new CounterServer(runtime), { nodeId: 1 })
 *   const client = world.spawn('client', (runtime) => new CounterClient(runtime, 'node/1'))
 *   await client.service.increment()
 *   await world.faultsOver()
 *   assert.equal(await client.service.read(), 1)
 * })
 * ```
 *
 * Throws a `SimulationError` for the first seed that fails: the scenario threw, a service threw, a rejection was not
 * handled, time ran out, or the code reached for the real world (`Date.now`, timers, `Math.random`, `fetch` …), which
 * throws there and then and names the replacement. The error holds the seed, the virtual time, and the last events.
 */
export async function simulate(
  options: SimulateOptions,
  scenario: (world: SimulatedWorld) => Promise<void>,
): Promise<readonly SimulatedRun[]> {
  if (isRunning) {
    throw new DureError(
      'invalid',
      'a simulation is running in this process already; await it before the next one',
    )
  }
  isRunning = true
  try {
    const runs: SimulatedRun[] = []
    for (const seed of seedsOf(options)) runs.push(await runSeed(seed, options, scenario))
    return runs
  } finally {
    isRunning = false
  }
}

function seedsOf(options: SimulateOptions): readonly number[] {
  if (options.seed !== undefined) return [options.seed]
  const seeds = options.seeds ?? 1
  return typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds
}

async function runSeed(
  seed: number,
  options: SimulateOptions,
  scenario: (world: SimulatedWorld) => Promise<void>,
): Promise<SimulatedRun> {
  const durationMs = options.durationMs ?? 10_000
  const limitMs = options.limitMs ?? durationMs + 60_000
  const simulation = new Simulation({
    seed,
    faults: planOf(options.faults ?? 'swarm', seed),
    replay: options.replay?.(seed) ?? `call simulate with { seed: ${seed} } and the same options`,
    ...(options.describeMessage === undefined ? {} : { describeMessage: options.describeMessage }),
  })
  const faultsOver = new Promise<void>((resolve) => {
    simulation.unleash({ untilMs: durationMs })
    simulation.after(durationMs, resolve)
  })
  const doors = new ForbiddenCalls()
  const rejections = new UnhandledRejections()
  let end: { readonly error?: unknown } | undefined

  simulation.after(0, () => {
    // An async wrapper, so that a scenario that throws at once ends in the same place.
    const run = async (): Promise<void> => scenario(new SimulatedWorld(simulation, faultsOver))
    run().then(
      () => {
        end = {}
      },
      (error: unknown) => {
        end = { error }
      },
    )
  })
  rejections.watch()
  const over = (): boolean =>
    end !== undefined || doors.violation !== undefined || rejections.first !== undefined
  try {
    await simulation.runAwaiting(over, { withinMs: limitMs }, doors)
  } catch (error) {
    // The cause of what a service threw is often the call that was refused.
    throw simulation.failure(error)
  } finally {
    await rejections.stop()
  }
  if (doors.violation !== undefined) throw simulation.failure(doors.violation)
  if (end !== undefined && 'error' in end) throw simulation.failure(end.error)
  if (rejections.first !== undefined) throw simulation.failure(rejections.first.reason)
  if (end === undefined) throw simulation.failure(unfinished(simulation, limitMs))
  return {
    seed,
    traceHash: simulation.traceHash,
    eventCount: simulation.eventCount,
    virtualMs: simulation.nowMs,
  }
}

function planOf(faults: 'none' | 'swarm' | FaultPlan, seed: number): FaultPlan {
  switch (faults) {
    case 'none':
      return noFaults()
    case 'swarm':
      return swarmFaults(new SeededRandom(seed).fork('faults'))
    default:
      return faults
  }
}

function unfinished(simulation: Simulation, limitMs: number): DureError {
  return new DureError(
    'timeout',
    `the scenario did not end within ${limitMs} ms of virtual time; it stands at ${simulation.nowMs.toFixed(3)} ms. It may await a call of a process that crashed (such a call never settles), or something outside the simulation`,
  )
}
