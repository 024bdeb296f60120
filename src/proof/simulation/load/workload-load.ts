import { Client } from '../../../engines/client/client.ts'
import { ClientStore } from '../../../engines/client/client-store.ts'
import { remoteGuarantees } from '../../../engines/remote/connect-remote.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import { assert } from '../../../foundation/assert.ts'
import type { KeyValueStore } from '../../../ports/key-value/key-value-store.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { HistoryEvent } from '../../verify/history/event.ts'
import { stagger, timeLimit } from '../../workloads/generator/combinators.ts'
import { EventLog } from '../../workloads/run/event-log.ts'
import { Load } from '../../workloads/run/load.ts'
import { unansweredIn } from '../../workloads/run/run-plan.ts'
import type { Workload, WorkloadPlan } from '../../workloads/workload.ts'
import type { Scenario } from '../scenario.ts'
import type { LoadClient, LoadVerdict, SeedLoad } from './seed-load.ts'
import { startAt } from './start-at.ts'

const CALL_TIMEOUT_MS = 3_000
const PREFIX = 'load/'
/** Of final reads; virtual time. */
const FINAL_READS_MS_MAX = 60_000
const RETRY_MS = 100

/** A workload of `proof/workloads` as the load of a seed: each worker with a client in a process of its own. */
export class WorkloadLoad implements SeedLoad {
  readonly invariants = []
  readonly endWithinMs = FINAL_READS_MS_MAX + 30_000
  /** Some workers wait for others: what counts is that all of them together get on. */
  readonly clients: readonly LoadClient[] = [new Together(this)]
  readonly #world: Simulation
  readonly #scenario: Scenario
  readonly #workload: Workload
  readonly #plan: WorkloadPlan
  readonly #workers: number
  readonly #log: EventLog
  readonly #stores: KeyValueStore[] = []
  #calls = 0
  #answers = 0
  #load: Load | undefined
  #finalFrom: number | undefined
  #isEnding = false
  #isOver = false
  #failure: unknown

  constructor(world: Simulation, scenario: Scenario, workload: Workload) {
    this.#world = world
    this.#scenario = scenario
    this.#workload = workload
    this.#workers = scenario.clientCount
    this.#plan = workload.plan({ workers: this.#workers, prefix: PREFIX })
    this.#log = new EventLog(
      () => world.nowMs,
      (event) => this.#count(event),
    )
  }

  get name(): string {
    return this.#workload.name
  }

  /** Rounds of answers: as many as there are workers. */
  get rounds(): number {
    return Math.floor(this.#answers / this.#workers)
  }

  get calls(): number {
    return this.#calls
  }

  get answered(): number {
    return this.#answers
  }

  get isOver(): boolean {
    if (this.#failure !== undefined) throw this.#failure
    return this.#isOver
  }

  start(addresses: readonly string[]): void {
    for (let worker = 0; worker < this.#workers; worker++) {
      const process = this.#world.spawn(`client ${worker}`)
      process.startNow((runtime) => {
        const pinned = this.#scenario.hasPinnedClients && worker % 2 === 0
        const transport = new RemoteTransport(runtime, startAt(addresses, worker), { pinned })
        this.#stores.push(new ClientStore(runtime, new Client(runtime, transport), remoteGuarantees))
      })
    }
    this.#world.spawn('load').start((runtime) => {
      this.#run(runtime).catch((error: unknown) => {
        this.#failure = error
      })
    })
  }

  end(): void {
    this.#isEnding = true
    this.#load?.stop()
  }

  judge(): LoadVerdict {
    assert(this.#isOver, 'a load is judged when it is over')
    const { verdict, summary, anomalies } = this.#plan.check(this.#log.history)
    const unanswered = unansweredIn(this.#log.history, this.#finalFrom, this.#plan.atLeast)
    if (verdict === 'valid' && unanswered !== undefined) return { verdict: 'unknown', summary: unanswered }
    if (verdict !== 'invalid') return { verdict, summary }
    const [first] = anomalies
    const drawing = first?.drawing === undefined ? '' : `\n${first.drawing}`
    return { verdict, broken: first?.name ?? this.#workload.name, summary: `${summary}${drawing}` }
  }

  async #run(runtime: Runtime): Promise<void> {
    const plan = this.#plan
    await this.#prepare(runtime)
    const load = new Load(runtime, this.#log, {
      workers: this.#workers,
      timeoutMs: CALL_TIMEOUT_MS,
      open: (worker) => plan.open({ ...worker, runtime, store: this.#stores[worker.worker]! }),
    })
    this.#load = load
    const meanMs = this.#scenario.thinkMs / this.#workers
    if (!this.#isEnding) await load.run(stagger(meanMs, plan.load))
    if (plan.finalReads !== undefined) {
      this.#finalFrom = this.#log.size
      await load.run(timeLimit(FINAL_READS_MS_MAX, plan.finalReads))
    }
    await load.close()
    this.#isOver = true
  }

  async #prepare(runtime: Runtime): Promise<void> {
    for (let worker = 0; ; worker = (worker + 1) % this.#workers) {
      try {
        return await this.#plan.prepare?.(this.#stores[worker]!, runtime)
      } catch {
        // A cluster has bad days from its first one on.
        await new Promise<void>((resolve) => {
          runtime.timer(RETRY_MS, resolve)
        })
      }
    }
  }

  #count({ type }: HistoryEvent): void {
    if (type === 'invoke') this.#calls++
    if (type === 'ok' || type === 'fail') this.#answers++
  }
}

class Together implements LoadClient {
  readonly #load: WorkloadLoad

  constructor(load: WorkloadLoad) {
    this.#load = load
  }

  get name(): string {
    return this.#load.name
  }

  get completed(): number {
    return this.#load.rounds
  }
}
