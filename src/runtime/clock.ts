export interface Clock {
  /** Milliseconds since an arbitrary start, never going back; fractions allowed. */
  monotonicMs(): number
  /** Milliseconds since 1970; may jump either way. Never decides safety. */
  wallMs(): number
}
