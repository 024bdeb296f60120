/**
 * `dure/testing`: a cluster for your own tests, of real processes or simulated, with faults.
 *
 * ```ts
 * import { testCluster } from 'dure/testing'
 * ```
 */
export { type TestCluster, type TestClusterOptions, testCluster } from './fixture/test-cluster.ts'
