import { DureError } from '../../foundation/errors.ts'
import type { Random } from '../random.ts'
import type { Runtime } from '../runtime.ts'
import type { SimulatedNetwork } from './simulated-network.ts'
import type { ProcessOptions, SimulatedProcess } from './simulated-process.ts'
import type { Simulation } from './simulation.ts'

/** A world as a scenario sees it: services instead of processes, promises instead of callbacks. */
export class SimulatedWorld {
  /** The world below: for faults by hand, for what happens at which time. */
  readonly simulation: Simulation
  /** Draws for the scenario itself, from the seed. */
  readonly random: Random
  readonly #faultsOver: Promise<void>

  constructor(simulation: Simulation, faultsOver: Promise<void>) {
    this.simulation = simulation
    this.random = simulation.random.fork('scenario')
    this.#faultsOver = faultsOver
  }

  get seed(): number {
    return this.simulation.seed
  }

  get nowMs(): number {
    return this.simulation.nowMs
  }

  get network(): SimulatedNetwork {
    return this.simulation.network
  }

  /**
   * Starts a process that runs one service. The factory is called again, with a new runtime, each time the process is
   * restarted; whatever the service should remember has to be on the runtime's disk.
   *
   * With a `nodeId` others reach it as `node/<id>`, and the faults of the plan happen to it. Without one it is a client,
   * which faults leave alone.
   */
  spawn<Service>(
    name: string,
    factory: (runtime: Runtime) => Service,
    options: ProcessOptions = {},
  ): SimulatedService<Service> {
    const process = this.simulation.spawn(name, options)
    const service = new SimulatedService<Service>(process)
    // At once rather than as an event, so that the service can be used by the next line.
    process.startNow((runtime) => service.replace(factory(runtime)))
    return service
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.simulation.after(delayMs, resolve)
    })
  }

  /** Looks every millisecond until the condition holds. */
  async until(condition: () => boolean, options: { readonly withinMs: number }): Promise<void> {
    const endMs = this.nowMs + options.withinMs
    while (!condition()) {
      if (this.nowMs >= endMs) {
        throw new DureError(
          'timeout',
          `the condition did not hold within ${options.withinMs} ms of virtual time`,
        )
      }
      await this.sleep(1)
    }
  }

  /** Settles when the fault phase is over: cuts are mended, processes run again, and progress can be asked for. */
  faultsOver(): Promise<void> {
    return this.#faultsOver
  }

  /** Called after every event; what it throws ends the run. */
  afterEvent(check: () => void): void {
    this.simulation.afterEvent(check)
  }

  /** A word in the picture of a failure. */
  note(words: string): void {
    this.simulation.note(words)
  }
}

/** A service of user code, in a process that can crash. */
export class SimulatedService<Service> {
  readonly process: SimulatedProcess
  #current: Service | undefined

  constructor(process: SimulatedProcess) {
    this.process = process
  }

  /** The service of the running incarnation. Throws while the process is down. */
  get service(): Service {
    if (!this.process.isRunning) {
      throw new DureError('unavailable', `${this.process.name} is down; ask it again after its restart`)
    }
    return this.#current as Service
  }

  replace(service: Service): void {
    this.#current = service
  }
}
