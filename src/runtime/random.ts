export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [min, max], both included. */
  integer(min: number, max: number): number
  /** An id that no other process draws: 52 random bits, never 0. */
  id(): number
}
