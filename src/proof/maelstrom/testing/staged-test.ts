import { Simulation } from '../../../runtime/simulated/simulation.ts'
import {
  type MaelstromHooks,
  type MaelstromRun,
  type MaelstromTestOptions,
  runMaelstromTest,
} from '../run/run-maelstrom-test.ts'
import { ThreadLauncher, type ThreadProgram } from './thread-launcher.ts'

type Asked = Pick<MaelstromTestOptions, 'workload'> & Partial<MaelstromTestOptions>

/** A test on virtual time, with nodes in this thread. */
export async function stagedTest(
  program: ThreadProgram,
  asked: Asked,
  hooks: MaelstromHooks = {},
): Promise<MaelstromRun> {
  const seed = asked.seed ?? 1
  const world = new Simulation({ seed })
  const options: MaelstromTestOptions = {
    nodeCount: 5,
    workers: 10,
    ratePerSecond: 100,
    timeLimitMs: 10_000,
    timeoutMs: 1_000,
    latencyMs: 5,
    distribution: 'exponential',
    topology: 'grid',
    consistencyModels: ['strict-serializable'],
    crashClients: true,
    settleMs: 5_000,
    seed,
    ...asked,
  }
  let outcome: { readonly run: MaelstromRun } | { readonly error: unknown } | undefined
  world.spawn('runner').startNow((runtime) => {
    runMaelstromTest(runtime, new ThreadLauncher(world, program), options, hooks).then(
      (run) => (outcome = { run }),
      (error: unknown) => (outcome = { error }),
    )
  })
  await world.runAwaiting(() => outcome !== undefined, { withinMs: options.timeLimitMs + 200_000 })
  if (outcome === undefined) throw new Error(`the test did not come to an end: seed ${seed}`)
  if ('error' in outcome) throw outcome.error
  return outcome.run
}

type Calls = MaelstromRun['calls']

export const acknowledgedOf = (calls: Calls): number =>
  Object.values(calls).reduce((sum, { acknowledged }) => sum + acknowledged, 0)

export const countOf = (calls: Calls): number =>
  Object.values(calls).reduce(
    (sum, { acknowledged, failed, unknown }) => sum + acknowledged + failed + unknown,
    0,
  )
