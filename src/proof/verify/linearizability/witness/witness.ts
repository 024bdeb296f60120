import type { Timeline } from './timeline.ts'

/** Why a part of a history is not linearizable; plain data. */
export interface Witness {
  readonly key: string
  /** One sentence. */
  readonly summary: string
  /** More of it, over some lines. */
  readonly explanation: string
  /** The conflict on a time line, at most 100 columns wide. */
  readonly drawing: string
  /** The explanation and the drawing. */
  readonly text: string
  /** The drawing as data. */
  readonly timeline: Timeline
  /**
   * The longest beginning of the history that can be put in order, in one such order: events of calls. What had not
   * returned when it ends counts as unknown there, and is left out if nobody noticed it.
   */
  readonly prefix: readonly number[]
  /** The last of these, with the state that each led to. */
  readonly lastSteps: readonly WitnessStep[]
  /** The operation that returned right after it, and has no place before that. */
  readonly blocked: WitnessOperation
  /**
   * Operations, in the order of their calls, whose answers contradict each other even if every other call that may have
   * changed something may have happened, between its call and its return, or not.
   */
  readonly conflict: readonly WitnessOperation[]
  /** True: were any one of them unknown too, there would be an order. False when the budget ended before that was sure. */
  readonly isIrreducible: boolean
}

export interface WitnessOperation {
  /** Events of the history. */
  readonly call: number
  readonly return: number | undefined
  readonly process: number | string
  /** `read → 3` */
  readonly text: string
}

export interface WitnessStep extends WitnessOperation {
  readonly stateAfter: string
}
