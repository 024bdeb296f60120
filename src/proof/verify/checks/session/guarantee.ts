/**
 * The four guarantees of a session, on one object (Terry, Demers, Petersen, Spreitzer, Theimer and Welch: Session
 * guarantees for weakly consistent replicated data, 1994, section 3). Objects are registers, so the writes that are
 * relevant to a read are the one whose value it returned, and a database that holds a write of the object shows it or a
 * newer one:
 *
 * - `read-your-writes`: a read finds no older version than a write of its session before it.
 * - `monotonic-reads`: a read finds no older version than a read of its session before it.
 * - `monotonic-writes`: a write gets a newer version than a write of its session before it.
 * - `writes-follow-reads`: a write gets a newer version than a read of its session before it found.
 */
export type SessionGuarantee =
  | 'read-your-writes'
  | 'monotonic-reads'
  | 'monotonic-writes'
  | 'writes-follow-reads'

export const sessionGuarantees: readonly SessionGuarantee[] = [
  'read-your-writes',
  'monotonic-reads',
  'monotonic-writes',
  'writes-follow-reads',
]
