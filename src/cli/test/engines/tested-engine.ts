import type { KeyValueStore } from '../../../ports/key-value/key-value-store.ts'
import type { ClusterUnderTest, FaultKind } from '../../../proof/chaos/nemesis/cluster-under-test.ts'
import type { Random } from '../../../runtime/random.ts'

/** What `--engine` takes. */
export const engineNames = ['embedded', 'etcd'] as const
export type EngineName = (typeof engineNames)[number]

/** What a person asked for. */
export interface EngineOptions {
  readonly nodes: number
  readonly workers: number
  readonly faultKinds: readonly FaultKind[]
  /** Of the faults: which node is removed. */
  readonly random: Random
  /** Of the run's files: logs go into it. */
  readonly directory: string
  /** Of a cluster that is there already. */
  readonly endpoints?: readonly string[]
  /** Told of what happened and nobody did, in a sentence: a node that ended by itself. */
  readonly onSurprise: (described: string) => void
}

/** A cluster that is tested, and stores that use it. */
export interface TestedEngine {
  /** Its nodes take the faults that a person asked for, or none. */
  readonly cluster: ClusterUnderTest
  /** The same one each time. */
  storeOf(worker: number): KeyValueStore
  /** Files in the run's directory that its nodes wrote. */
  logs(): readonly string[]
  /** Ends what was started here, and removes its data; logs stay. */
  close(): Promise<void>
  /** The same at once, for the second Ctrl-C: only processes that were started here. */
  kill(): void
}
