import type { PeerDisturbance } from '../../runtime/node/fault-gate.ts'

/** Breaks a node on purpose: what `/v1/faults` steers. */
export interface FaultControl {
  /** Members that this node neither hears nor reaches. */
  readonly blocked: readonly number[]
  /** Members that this node does not hear, and still reaches. */
  readonly deafTo: readonly number[]
  /** Members that this node does not reach, and still hears. */
  readonly muteTo: readonly number[]
  /** What happens to messages to members. */
  readonly peers: PeerDisturbance
  /** How much later each message leaves, to clients too. */
  readonly delayMs: number
  /** How long each sync of the log's disk is held back. */
  readonly diskStallMs: number
  /** Cuts exactly these off; the cuts of earlier calls are lifted. */
  block(nodeIds: readonly number[]): void
  /** Exactly these, like all below: what earlier calls said is over. */
  deafen(nodeIds: readonly number[]): void
  mute(nodeIds: readonly number[]): void
  disturbPeers(disturbance: PeerDisturbance): void
  delay(delayMs: number): void
  stallDisk(stallMs: number): void
  clear(): void
}
