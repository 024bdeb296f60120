/** Cuts a node off on purpose: what `/v1/faults` steers. */
export interface FaultControl {
  /** Members that this node neither hears nor reaches. */
  readonly blocked: readonly number[]
  /** How much later each message leaves. */
  readonly delayMs: number
  /** Cuts exactly these off; the cuts of earlier calls are lifted. */
  block(nodeIds: readonly number[]): void
  delay(delayMs: number): void
  clear(): void
}
