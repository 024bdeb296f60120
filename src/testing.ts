/**
 * `dure/testing`: a cluster for your own tests, of real processes or simulated, with faults; and a load, faults and a
 * verdict for a service of your own.
 *
 * ```ts
 * import { testCluster, testService } from 'dure/testing'
 * ```
 */
export { type ChildCommand, type ChildProcesses, childProcesses } from './fixture/child-processes.ts'
export { type TestCluster, type TestClusterOptions, testCluster } from './fixture/test-cluster.ts'
export { type ServiceFaults, type ServiceRun, type ServiceTest, testService } from './fixture/test-service.ts'
export type {
  ClusterUnderTest,
  Cut,
  FaultKind,
  LinkDisturbance,
} from './proof/chaos/nemesis/cluster-under-test.ts'
export {
  eachWorker,
  flipFlop,
  limit,
  mix,
  perKey,
  phases,
  repeat,
  retried,
  sequence,
  stagger,
  timeLimit,
  until,
} from './proof/workloads/generator/combinators.ts'
export type { Asking, CallEnd, Draw, Generator, Request } from './proof/workloads/generator/generator.ts'
export type { Answer, InvokeOptions, WorkloadClient } from './proof/workloads/workload.ts'
