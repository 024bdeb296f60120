import { utf8 } from '../../foundation/bytes.ts'
import { type Endpoint, endpoint } from '../network.ts'
import type { Runtime } from '../runtime.ts'
import { SeededRandom } from '../seeded-random.ts'
import { type FaultPlan, noFaults, swarmFaults } from '../simulated/faults.ts'
import type { SimulatedProcess } from '../simulated/simulated-process.ts'
import { Simulation } from '../simulated/simulation.ts'

type PartialPlan = { readonly [Part in keyof FaultPlan]?: Partial<FaultPlan[Part]> }

/** No faults but these. */
export function onlyFaults(faults: PartialPlan): FaultPlan {
  const calm = noFaults()
  return {
    network: { ...calm.network, ...faults.network },
    disk: { ...calm.disk, ...faults.disk },
    process: { ...calm.process, ...faults.process },
    clock: { ...calm.clock, ...faults.clock },
  }
}

export interface Heard {
  readonly from: Endpoint
  readonly message: Uint8Array
  readonly atMs: number
}

/** A running member that keeps what it hears. */
export interface Listener {
  readonly process: SimulatedProcess
  readonly runtime: Runtime
  readonly heard: Heard[]
}

export function listener(world: Simulation, nodeId: number): Listener {
  const heard: Heard[] = []
  const process = world.spawn(`node ${nodeId}`, { nodeId })
  let runtime: Runtime | undefined
  process.startNow((given) => {
    runtime = given
    given.network.onMessage((from, message) => heard.push({ from, message, atMs: world.nowMs }))
  })
  return { process, runtime: runtime!, heard }
}

/** Five nodes that write to their disks, tell each other and live through everything: five minutes in one of chaos. */
export function busyWorld(seed: number): Simulation {
  const faults = swarmFaults(new SeededRandom(seed).fork('faults'), {
    damagedProcessesMax: 2,
    disturbedMax: 2,
  })
  const world = new Simulation({ seed, faults })
  for (let id = 1; id <= 5; id++) {
    world.spawn(`node ${id}`, { nodeId: id, promises: false }).start((runtime) => busyNode(runtime, id))
  }
  world.spawn('client', { promises: false }).start((runtime) => {
    const nodes = [1, 2, 3, 4, 5].map((id) => runtime.network.connect(`node/${id}`))
    const ask = (): void => {
      runtime.network.send(nodes[runtime.random.integer(0, 4)]!, utf8('client'))
      runtime.timer(20, ask)
    }
    ask()
  })
  world.unleash({ untilMs: 20_000 })
  return world
}

function busyNode(runtime: Runtime, id: number): void {
  const { network, disk, random, clock } = runtime
  let heard = 0
  network.onMessage((from, message) => {
    heard++
    if (message.length > 2)
      runtime.soon(() => network.send(from, new Uint8Array([heard & 0xff, clock.wallMs() & 0xff])))
  })
  disk.open('log', { create: true }, (openError, file) => {
    if (openError) return runtime.abort(openError)
    const write = (): void => {
      file.writeSynced(file.sizeBytes, new Uint8Array(random.integer(1, 900)).fill(id), (error) => {
        if (error) return runtime.abort(error)
        for (let other = 1; other <= 5; other++)
          network.send(endpoint(other), utf8(`written ${file.sizeBytes}`))
        file.read(0, 2_000, () => runtime.timer(random.integer(5, 60), write))
      })
    }
    disk.syncDirectory('', (error) => (error ? runtime.abort(error) : write()))
  })
}
