/** Breaks a node on purpose: what `/v1/faults` steers. */
export interface FaultControl {
  /** Members that this node neither hears nor reaches. */
  readonly blocked: readonly number[]
  /** How much later each message leaves. */
  readonly delayMs: number
  /** How long each sync of the log's disk is held back. */
  readonly diskStallMs: number
  /** Cuts exactly these off; the cuts of earlier calls are lifted. */
  block(nodeIds: readonly number[]): void
  delay(delayMs: number): void
  stallDisk(stallMs: number): void
  clear(): void
}
