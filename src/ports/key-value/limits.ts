/** What every engine accepts, and where it refuses. Part of the port: a program that keeps to them runs everywhere. */
export const limits = {
  keyBytesMax: 1_024,
  valueBytesMax: 1 << 20,
  commitOperationsMax: 128,
  /** Keys and values of one commit together. */
  commitBytesMax: 2 << 20,
  idempotencyKeyCharactersMax: 128,
} as const
