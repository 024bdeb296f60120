import { ReferenceModel } from '../../src/ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../src/ports/key-value/reference/reference-store.ts'
import type { ClusterUnderTest } from '../../src/proof/chaos/nemesis/cluster-under-test.ts'
import type { CheckResult } from '../../src/proof/verify/verdict/verdict.ts'
import type { TestRun } from '../../src/proof/workloads/run/run-plan.ts'
import { callStatistics, faultSpans } from '../../src/proof/workloads/run/run-statistics.ts'
import { runTest } from '../../src/proof/workloads/run/run-test.ts'
import type { TestRecord } from '../../src/proof/workloads/run/test-record.ts'
import { type Defect, DefectiveStore } from '../../src/proof/workloads/testing/defective-store.ts'
import { DistantStore } from '../../src/proof/workloads/testing/distant-store.ts'
import type { Workload } from '../../src/proof/workloads/workload.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { Simulation } from '../../src/runtime/simulated/simulation.ts'

export interface Sample {
  readonly record: TestRecord
  readonly checked: CheckResult
}

interface SampleOptions {
  readonly seed: number
  readonly durationMs?: number
  readonly ratePerSecond?: number
  readonly defect?: Defect
}

const WORKERS = 8
const NODES = ['1', '2', '3', '4', '5']

/** A run on virtual time, with faults that keep the store from answering: what a report is made from. */
export async function sampleRun(
  workload: Workload,
  { seed, durationMs = 8_000, ratePerSecond = 250, defect }: SampleOptions,
): Promise<Sample> {
  const world = new Simulation({ seed })
  let run: TestRun | undefined
  let problem: unknown
  world.spawn('test').startNow((runtime) => {
    const silence = new Silence(runtime)
    const model = new ReferenceModel({
      nowMs: () => runtime.clock.monotonicMs(),
      timer: (delayMs, fire) => runtime.timer(delayMs, fire),
    })
    const stores = Array.from({ length: WORKERS }, () => {
      const perfect = new ReferenceStore(model)
      const store = defect === undefined ? perfect : new DefectiveStore(perfect, runtime, defect)
      return silence.before(new DistantStore(store, runtime))
    })
    const kinds = ['kill', 'pause', 'partition'] as const
    const faults = { kinds, everyMs: durationMs / 6, forMs: durationMs / 10, random: runtime.random }
    const options = { workers: WORKERS, ratePerSecond, timeLimitMs: durationMs, timeoutMs: 400, faults }
    runTest(
      runtime,
      { cluster: silence, storeOf: (worker) => stores[worker]! },
      { ...options, workload, prefix: 'sample/' },
    ).then(
      (done) => (run = done),
      (error: unknown) => (problem = error),
    )
  })
  await world.runAwaiting(() => run !== undefined || problem !== undefined, {
    withinMs: durationMs + 120_000,
  })
  if (run === undefined) throw problem ?? new Error(`seed ${seed} did not come to an end`)
  return { record: recordOf(workload, run, { seed, ratePerSecond, durationMs }), checked: run.result }
}

function recordOf(
  { name, description }: Workload,
  { verdict, summary, result, history, faults }: TestRun,
  { seed, ratePerSecond, durationMs }: Required<Omit<SampleOptions, 'defect'>>,
): TestRecord {
  const { events } = history
  const command = `npx dure test --workload ${name} --nodes 5 --nemesis kill,pause,partition`
  return {
    setup: {
      name: `${name}-embedded`,
      workload: { name, description },
      engine: 'embedded',
      version: '0.1.0',
      startedAt: '2026-11-20T16:55:00.000Z',
      nodes: NODES,
      seed,
      faultKinds: ['kill', 'pause', 'partition'],
      options: {
        rate: `${ratePerSecond} calls a second`,
        concurrency: WORKERS,
        'time limit': `${durationMs / 1_000} s`,
      },
      replayCommand: `${command} --time-limit ${durationMs / 1_000} --seed ${seed}`,
      checkCommand: `npx dure test --again store/${name}-embedded/2026-11-20T16-55-00`,
    },
    results: {
      verdict,
      summary,
      anomalies: result.anomalies,
      spent: result.spent,
      isInterrupted: false,
      surprises: [],
      durationMs: Math.round((events.at(-1)?.timeNs ?? 0) / 1e6),
      calls: callStatistics(events),
      faults: Object.fromEntries(faults),
      faultSpans: faultSpans(events),
      files: NODES.map((node) => `nodes/${node}.log`),
    },
    history,
  }
}

/** A cluster that answers late, or not in time, while something is done to it. */
class Silence implements ClusterUnderTest {
  readonly nodes = NODES
  readonly abilities = new Set(['kill', 'pause', 'partition'] as const)
  readonly #runtime: Runtime
  #until = 0

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  before(store: DistantStore): DistantStore {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        if (name !== 'get' && name !== 'put' && name !== 'commit') return member.bind(target)
        return async (...parameters: unknown[]) => {
          await this.#wait()
          return member.apply(target, parameters)
        }
      },
    })
  }

  leader(): Promise<string> {
    return Promise.resolve('1')
  }
  kill(): Promise<void> {
    return this.#disturb(250)
  }
  start(): Promise<void> {
    return Promise.resolve()
  }
  pause(): Promise<void> {
    return this.#disturb(180)
  }
  resume(): Promise<void> {
    return Promise.resolve()
  }
  cut(cuts: readonly unknown[]): Promise<void> {
    return cuts.length === 0 ? Promise.resolve() : this.#disturb(330)
  }

  #disturb(forMs: number): Promise<void> {
    this.#until = this.#runtime.clock.monotonicMs() + forMs
    return Promise.resolve()
  }

  #wait(): Promise<void> {
    const leftMs = this.#until - this.#runtime.clock.monotonicMs()
    if (leftMs <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#runtime.timer(leftMs * (0.6 + 0.4 * this.#runtime.random.next()), resolve)
    })
  }
}
