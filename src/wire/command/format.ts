/**
 * An encoded command:
 *
 * | offset | what |
 * | --- | --- |
 * | 0 | format, 1 |
 * | 1 | kind: see below |
 * | 2 | log time, 6 bytes, lowest first |
 * | 8 | of a commit: session, sequence, low water, idempotency key, comparisons, operations |
 * |   | of a grant: session, sequence, low water, time to live |
 * |   | of a keep-alive: the ids of leases; of an end: the id of the lease |
 *
 * An operation is its kind, the key, of a put the value, and then its time to live or its lease if it has one.
 *
 * The numbers stand in logs on disk: none is ever given another meaning.
 */
export const COMMAND_FORMAT = 1

export const OPEN_SESSION = 1
export const COMMIT = 2
export const GRANT_LEASE = 3
export const KEEP_LEASES = 4
export const END_LEASE = 5
export const ADVANCE_TIME = 6

export const LOG_TIME_OFFSET = 2
export const LOG_TIME_BYTES = 6

export const PUT = 1
export const DELETE = 2
export const PUT_WITH_TTL = 3
export const PUT_WITH_LEASE = 4

/** Leases that one command may keep alive. */
export const KEEP_LEASES_MAX = 10_000
