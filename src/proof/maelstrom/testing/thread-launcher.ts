import type { Runtime } from '../../../runtime/runtime.ts'
import type { SimulatedProcess } from '../../../runtime/simulated/simulated-process.ts'
import type { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { LaunchedNode, NodeEvents, NodeLauncher } from '../run/node-launcher.ts'
import { type Program, ProgramNode } from './program-node.ts'

/** What runs as a node in this thread: it is given lines, and writes lines. */
export type ThreadProgram = (
  runtime: Runtime,
  write: (line: string) => void,
  name: string,
) => { receive(line: string): void }

/** Nodes as processes of a simulated world: their clocks stand while they are paused, and their disks outlive a kill. */
export class ThreadLauncher implements NodeLauncher {
  readonly #world: Simulation
  readonly #program: ThreadProgram
  readonly #processes = new Map<string, SimulatedProcess>()

  constructor(world: Simulation, program: ThreadProgram) {
    this.#world = world
    this.#program = program
  }

  start(node: string, hears: NodeEvents): LaunchedNode {
    let process = this.#processes.get(node)
    if (process === undefined) {
      process = this.#world.spawn(node)
      this.#processes.set(node, process)
    }
    const program = (runtime: Runtime, write: (line: string) => void) => this.#program(runtime, write, node)
    return new ThreadNode(process, program, hears)
  }
}

export const programOf =
  (program: Program, isWrong = false) =>
  (runtime: Runtime, write: (line: string) => void): ProgramNode => {
    const { random } = runtime
    const node = new ProgramNode({ random, timer: (delayMs, fire) => runtime.timer(delayMs, fire), write })
    program(node, isWrong)
    return node
  }

class ThreadNode implements LaunchedNode {
  readonly #process: SimulatedProcess
  readonly #hears: NodeEvents
  #runtime: Runtime | undefined
  #receive: (line: string) => void = () => {}

  constructor(
    process: SimulatedProcess,
    program: (runtime: Runtime, write: (line: string) => void) => { receive(line: string): void },
    hears: NodeEvents,
  ) {
    this.#process = process
    this.#hears = hears
    process.startNow((runtime) => {
      this.#runtime = runtime
      const running = program(runtime, (line) => this.#wrote(runtime, line))
      this.#receive = (line) => running.receive(line)
    })
  }

  write(line: string): void {
    // An event of the node's own: nothing happens to one that is paused or dead.
    this.#runtime!.soon(() => this.#receive(line))
  }

  async kill(): Promise<void> {
    this.#process.crash()
  }

  async stop(): Promise<void> {
    this.#process.crash()
  }

  pause(): void {
    this.#process.pause()
  }

  resume(): void {
    this.#process.resume()
  }

  #wrote(runtime: Runtime, line: string): void {
    if (runtime === this.#runtime) this.#hears.line(line)
  }
}
