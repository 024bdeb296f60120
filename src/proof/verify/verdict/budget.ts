/**
 * How much a checker may spend before it answers `unknown`.
 *
 * ```ts
 * checkLinearizable(history, models.casRegister(), { budget: { steps: 1_000_000 } })
 * ```
 *
 * Steps and bytes end a check at the same place every time. Checkers have no clock: who wants to end by time passes
 * `isOver`.
 */
export interface Budget {
  readonly steps?: number
  readonly memoryBytes?: number
  /** Asked every few thousand steps; true ends the check. */
  readonly isOver?: () => boolean
}
