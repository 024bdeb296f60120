/**
 * A cluster of three nodes on this machine: what every benchmark is run against.
 *
 * ```ts
 * await contender.start()
 * const client = await connect(contender.target)
 * await client.put(key, value)
 * await contender.stop()
 * ```
 */
export interface Contender {
  readonly name: 'etcd' | 'dure'
  /** Where a load generator in another process connects. */
  readonly target: Target
  /** Process ids of the nodes that run now. */
  readonly pids: readonly number[]
  /** Starts the nodes; returns once they have a leader. */
  start(): Promise<void>
  /** The number of the node that leads and its term; waits until there is one. */
  leader(): Promise<Leader>
  /** `kill -9`; returns at once, without waiting for anything. */
  kill(node: number): void
  /** Starts a node that was killed, on its old directory. */
  restart(node: number): Promise<void>
  /** Returns once the node has applied all that the leader has committed by now. */
  caughtUp(node: number): Promise<void>
  /** One linearizable read of this very node: true when the key exists. Rejects when the node does not answer. */
  readFrom(node: number, key: Uint8Array): Promise<boolean>
  /** Bytes of the node's write-ahead log, where it tells. */
  logBytes(node: number): Promise<number | undefined>
  /** A client that outlives the node it is connected to. */
  connectRetrying(): Promise<RetryingClient>
  stop(): Promise<void>
}

/** Tries until a write is acknowledged, at whichever node. */
export interface RetryingClient {
  put(key: Uint8Array, value: Uint8Array, timeoutMs: number): Promise<void>
  close(): Promise<void>
}

export interface Leader {
  /** From 0. */
  readonly node: number
  readonly term: number
}

/** What a client needs to know: plain data, sent to the load generator's process. */
export interface Target {
  readonly name: Contender['name']
  /** `host:port` for clients, by node. */
  readonly addresses: readonly string[]
  /** Connections that a client opens, where it can choose. */
  readonly connections: number
}

/** A connection to a contender's leader. Every call rejects when it was not acknowledged. */
export interface ContenderClient {
  /** Durable on a majority when it resolves. */
  put(key: Uint8Array, value: Uint8Array): Promise<unknown>
  /** A linearizable read: true when the key exists. */
  get(key: Uint8Array): Promise<boolean>
  /**
   * So many watchers, each of all keys with this prefix. Resolves once all are in place; then `changed` gets the value of
   * every change once for each of them.
   */
  watch(prefix: Uint8Array, watchers: number, changed: (value: Uint8Array) => void): Promise<void>
  grantLease(ttlMs: number): Promise<LeaseHandle>
  /** Resolves when the lease's time begins anew; rejects when there is none. */
  keepAlive(lease: LeaseHandle): Promise<void>
  close(): Promise<void>
}

/** What a contender calls a lease. */
export type LeaseHandle = number | string
