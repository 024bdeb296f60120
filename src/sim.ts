/**
 * `dure/sim`: run your own code on virtual time, under faults that follow from a seed.
 *
 * ```ts
 * import { simulate } from 'dure/sim'
 * ```
 */
export type { Clock } from './runtime/clock.ts'
export type { Disk, DiskCallback, DiskFile } from './runtime/disk.ts'
export { DiskError } from './runtime/disk.ts'
export { type Endpoint, endpoint, type Network, type SendOutcome } from './runtime/network.ts'
export type { Random } from './runtime/random.ts'
export type { Runtime, Timer } from './runtime/runtime.ts'
export {
  type ClockFaults,
  type DiskFaults,
  type FaultPlan,
  type NetworkFaults,
  noFaults,
  type ProcessFaults,
  type Span,
} from './runtime/simulated/faults.ts'
export { type SimulatedRun, type SimulateOptions, simulate } from './runtime/simulated/simulate.ts'
export type { ProcessOptions, SimulatedProcess } from './runtime/simulated/simulated-process.ts'
export type { SimulatedService, SimulatedWorld } from './runtime/simulated/simulated-world.ts'
export { Simulation, type SimulationOptions } from './runtime/simulated/simulation.ts'
export { SimulationError } from './runtime/simulated/simulation-error.ts'
