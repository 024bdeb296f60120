import { ReferenceModel } from '../../../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../../ports/key-value/reference/reference-store.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { CheckResult } from '../../verify/verdict/verdict.ts'
import { stagger, timeLimit } from '../generator/combinators.ts'
import { EventLog } from '../run/event-log.ts'
import { Load } from '../run/load.ts'
import type { Workload } from '../workload.ts'
import { type Defect, DefectiveStore } from './defective-store.ts'
import { DistantStore } from './distant-store.ts'

export interface StagedRun {
  readonly history: RecordedHistory
  readonly result: CheckResult
  readonly acknowledged: ReadonlyMap<string, number>
}

const WORKERS = 6
const TIMEOUT_MS = 400
const MEAN_MS = 4

/**
 * A workload on the reference model, as seen through a network on virtual time: perfect, or with one defect. Five seconds
 * of it take a fraction of a second.
 */
export async function stagedRun(
  workload: Workload,
  {
    seed,
    durationMs = 5_000,
    defect,
  }: { readonly seed: number; readonly durationMs?: number; readonly defect?: Defect },
): Promise<StagedRun> {
  const world = new Simulation({ seed })
  let outcome: StagedRun | { readonly error: unknown } | undefined
  world.spawn('load').startNow((runtime) => {
    run(workload, runtime, durationMs, defect).then(
      (run) => (outcome = run),
      (error: unknown) => (outcome = { error }),
    )
  })
  await world.runAwaiting(() => outcome !== undefined, { withinMs: durationMs + 60_000 })
  if (outcome === undefined) throw new Error(`${workload.name} did not come to an end: seed ${seed}`)
  if ('error' in outcome) throw outcome.error
  return outcome
}

async function run(
  workload: Workload,
  runtime: Runtime,
  durationMs: number,
  defect: Defect | undefined,
): Promise<StagedRun> {
  const model = new ReferenceModel({
    nowMs: () => runtime.clock.monotonicMs(),
    timer: (delayMs, fire) => runtime.timer(delayMs, fire),
  })
  const store = () => {
    const perfect = new ReferenceStore(model)
    return new DistantStore(
      defect === undefined ? perfect : new DefectiveStore(perfect, runtime, defect),
      runtime,
    )
  }
  const stores = Array.from({ length: WORKERS }, store)
  const plan = workload.plan({ workers: WORKERS, prefix: 'test/' })
  await plan.prepare?.(new ReferenceStore(model), runtime)
  const log = new EventLog(() => runtime.clock.monotonicMs())
  const load = new Load(runtime, log, {
    workers: WORKERS,
    timeoutMs: TIMEOUT_MS,
    open: ({ worker, process }) => plan.open({ store: stores[worker]!, runtime, worker, process }),
  })
  await load.run(timeLimit(durationMs, stagger(MEAN_MS, plan.load)))
  if (plan.finalReads !== undefined) await load.run(plan.finalReads)
  await load.close()
  // By another plan: what judges a recorded history has not made it.
  const judge = workload.plan({ workers: 1, prefix: '' })
  return { history: log.history, result: judge.check(log.history), acknowledged: log.acknowledged }
}
