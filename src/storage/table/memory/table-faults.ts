/** What may go wrong with a simulated table; drawn from the seed by whoever makes one. */
export interface TableFaults {
  /** How long the next flush, chunk or install takes: usually little, sometimes a stall. */
  delayMs(): number
  /** Ends the process at the end of a flush when it gives an error: the disk failed or is full. */
  flushError(): Error | undefined
  /** Smaller chunks make transfers of several of them out of small tables. */
  readonly chunkBytes?: number
}

export const noTableFaults: TableFaults = { delayMs: () => 1, flushError: () => undefined }
