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
 * The numbers stand in logs on disk: none is ever given another meaning, and a known kind never gets other fields, but a number of
 * its own. A node that finds a number it does not know stops (`unknown-command.ts`), because others do what it would leave
 * out. Such a node should not come to see one: a new number is a new protocol version (`tcp-framing.ts`) and a new format
 * of the data directory (`identity.ts`).
 *
 * Known numbers with malformed bytes are another matter: leaders check before they propose, so no log holds them; should one
 * come, every version answers `invalid` and changes nothing, all nodes the same.
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
