/**
 * A cluster that faults can be done to: simulated, of our own processes, or of an outside engine.
 *
 * Nodes are known by a name. What a cluster cannot do it leaves out of `abilities`, and is never asked for.
 */
export interface ClusterUnderTest {
  readonly nodes: readonly string[]
  readonly abilities: ReadonlySet<FaultKind>
  /** Undefined when none is known. */
  leader(): Promise<string | undefined>
  /** Ends a node at once, as a power cut would. */
  kill(node: string): Promise<void>
  /** Starts a node that was killed; settles once it serves, or can do no more than that. */
  start(node: string): Promise<void>
  /** It keeps its memory and its connections, and does nothing. */
  pause(node: string): Promise<void>
  resume(node: string): Promise<void>
  /** What is sent along these is lost, and along no others: replaces what was cut before. Clients reach all nodes. */
  cut(cuts: readonly Cut[]): Promise<void>
  /** What happens to messages between nodes; undefined mends all links. */
  disturb?(disturbance: LinkDisturbance | undefined): Promise<void>
  /** What `disturb` can do; all of it unless said. */
  readonly disturbances?: ReadonlySet<keyof LinkDisturbance>
  /** A node leaves the cluster for good; answers with its name. */
  removeMember?(): Promise<string>
  /** A new node joins; answers with its name. */
  addMember?(): Promise<string>
}

/** From one node to another, that way alone. */
export interface Cut {
  readonly from: string
  readonly to: string
}

export interface LinkDisturbance {
  /** Whose messages suffer, on their way to the others; those of all nodes unless said. */
  readonly nodes?: readonly string[]
  readonly lossProbability?: number
  readonly duplicateProbability?: number
  readonly reorderProbability?: number
  readonly delayMs?: number
}

/** What `--nemesis` takes; `packet` is loss, delay, duplication and reorder of messages between nodes. */
export const faultKinds = ['kill', 'pause', 'partition', 'packet', 'member'] as const
export type FaultKind = (typeof faultKinds)[number]
