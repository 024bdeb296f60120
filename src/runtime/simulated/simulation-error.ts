export interface SimulationErrorOptions {
  readonly seed: number
  readonly virtualTimeMs: number
  readonly picture: string
  readonly replay: string
  readonly cause: unknown
}

/** A run that failed, with all that is needed to see it again. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError'
  readonly seed: number
  readonly virtualTimeMs: number
  /** The last events as text, a column for each process. */
  readonly picture: string
  readonly replay: string

  constructor(options: SimulationErrorOptions) {
    const { seed, virtualTimeMs, picture, replay, cause } = options
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
    super(
      `seed ${seed} failed at ${virtualTimeMs.toFixed(3)} ms of virtual time\n\n${what}\n\nthe last events:\n${picture}\n\nto replay: ${replay}`,
      { cause },
    )
    this.seed = seed
    this.virtualTimeMs = virtualTimeMs
    this.picture = picture
    this.replay = replay
  }
}
