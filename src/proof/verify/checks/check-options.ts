/** What every check of this folder takes. */
export interface CheckOptions {
  /** How many anomalies of one name are told in full, 32 unless told. All of them are counted. */
  readonly anomaliesMax?: number
}
