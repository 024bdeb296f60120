import { unreachable } from '../../../foundation/assert.ts'
import type { NodeId } from '../../../foundation/ids.ts'
import { type InflightLimits, Inflights } from './inflights.ts'
import type { SnapshotTransfer } from './snapshot-transfer.ts'

/**
 * - `probe`: where the logs meet is not known; one message at a time looks for it.
 * - `replicate`: it is known; messages are sent ahead of their acknowledgements, as far as the window allows.
 * - `snapshot`: what it needs was compacted; a snapshot is on its way and no append is sent.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot'

/** What a leader knows of one member (itself included). `match` < `next` always. */
export class Progress {
  readonly id: NodeId
  readonly inflights: Inflights
  isLearner: boolean
  state: ProgressState = 'probe'
  /** The last index known to be durable there, equal to ours. */
  match = 0
  /** The first index to send next. */
  next: number
  /** `probe` only: one message is on its way. */
  probeSent = false
  /** `snapshot` only. */
  transfer: SnapshotTransfer | undefined
  /** When anything of this term came from it. */
  lastHeardMs: number
  /** The newest read context that it answered in this term. */
  readContext = 0
  /** What is stuck is sent again no sooner than this: at the pace of heartbeats, however many answers come. */
  retryAtMs = 0
  /** `match` at the last look for something stuck. */
  matchAtRetry = 0

  constructor(id: NodeId, options: ProgressOptions) {
    this.id = id
    this.next = options.next
    this.isLearner = options.isLearner
    this.lastHeardMs = options.nowMs
    this.inflights = new Inflights(options.limits)
  }

  get isPaused(): boolean {
    switch (this.state) {
      case 'probe':
        return this.probeSent
      case 'replicate':
        return this.inflights.isFull
      case 'snapshot':
        return true
      default:
        return unreachable(this.state)
    }
  }

  becomeProbe(): void {
    this.#leave()
    this.state = 'probe'
    this.next = this.match + 1
  }

  becomeReplicate(): void {
    this.#leave()
    this.state = 'replicate'
    this.next = this.match + 1
  }

  becomeSnapshot(transfer: SnapshotTransfer): void {
    this.#leave()
    this.state = 'snapshot'
    this.transfer = transfer
  }

  /** An acknowledgement; false when it was known already. */
  acknowledge(index: number): boolean {
    this.inflights.freeUpTo(index)
    if (this.next <= index) this.next = index + 1
    if (index <= this.match) return false
    this.match = index
    return true
  }

  #leave(): void {
    this.probeSent = false
    this.transfer = undefined
    this.inflights.clear()
  }
}

export interface ProgressOptions {
  readonly next: number
  readonly isLearner: boolean
  readonly nowMs: number
  readonly limits: InflightLimits
}
