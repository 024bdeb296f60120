import type { Branded } from '../foundation/ids.ts'

/**
 * The other end of messages: a cluster member (its id is its `NodeId`, up to `NODE_ID_MAX`) or a connection of a
 * client (above it; a number of this process alone, never used again).
 */
export type Endpoint = Branded<number, 'Endpoint'>

export const endpoint = (value: number): Endpoint => value as Endpoint

/**
 * - `accepted`: on its way; it may still be lost.
 * - `full`: refused, too much is waiting for this endpoint. Try later or drop it.
 * - `unreachable`: refused, there is no connection. One is being tried.
 */
export type SendOutcome = 'accepted' | 'full' | 'unreachable'

/**
 * Whole messages between named endpoints. Order is never assumed; a reconnect loses what was in flight; a message
 * arrives whole, unchanged (checksummed) and at most once per send, or not at all. The simulator also duplicates.
 */
export interface Network {
  /** The one handler of everything that arrives. `message` belongs to the receiver and may be kept or written to. */
  onMessage(handler: (from: Endpoint, message: Uint8Array) => void): void
  /** An endpoint that was opened by `connect`, or a client that connected to us, is gone. */
  onDisconnect(handler: (from: Endpoint) => void): void
  /** Sends one message; the bytes must not change afterwards. */
  send(to: Endpoint, message: Uint8Array): SendOutcome
  /** Opens a connection as a client, for example to `127.0.0.1:7001`. Messages may be sent at once. */
  connect(address: string): Endpoint
  /** Ends a connection of `connect`, or that of a client. */
  disconnect(endpoint: Endpoint): void
  /**
   * Where the other members are from now on; replaces what was known. Of several addresses the first that answers as
   * that member is used. Whoever is not named is hung up on; a member that is gone for good is told so when it comes.
   * An answer still reaches a member that is not named, while it is connected to us.
   */
  setPeers(peers: ReadonlyMap<number, readonly string[]>, gone?: ReadonlySet<number>): void
  /** Whether a member is connected right now, as far as is known. */
  isReachable(endpoint: Endpoint): boolean
}
