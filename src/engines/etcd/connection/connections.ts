import { DureError } from '../../../foundation/errors.ts'
import type { Keys } from '../keys.ts'
import { type Endpoint, type EtcdOptions, readEndpoints } from '../options.ts'
import { decodeToken, encodeAuthenticate } from '../wire/control-messages.ts'
import type { Header } from '../wire/header.ts'
import { Connection } from './connection.ts'
import { type Ended, grpc, judge } from './grpc-status.ts'
import { type Ask, type Identity, NotSucceeded, readIdentity } from './identity.ts'
import { refusal } from './refusal.ts'

const CONNECT_TIMEOUT_MS = 1_000
/**
 * What is asked before a connection is used is waited for so long, and twice as long after each time that this was not
 * enough: a login costs a member the hash of a password, on a busy machine seconds, and given up it has to be begun anew.
 */
const HANDSHAKE_TIMEOUT_MS = 2_000
const HANDSHAKE_TIMEOUT_MS_MAX = 16_000

/**
 * The connections of one store: one per member at most, one of them in use. A new one is used after it was looked at:
 * logged in, of the cluster and history that the store began with.
 */
export class Connections {
  readonly #options: EtcdOptions
  readonly #endpoints: readonly Endpoint[]
  readonly #keys: Keys
  readonly #open = new Map<Endpoint, Connection>()
  #current: number
  #inUse: Connection | undefined
  #connecting: Promise<Connection> | undefined
  #isClosed = false
  #identity: Identity | undefined
  #token: string | undefined
  #loggingIn: Promise<void> | undefined
  #handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS
  #problem: string | undefined
  #revision = 0

  constructor(options: EtcdOptions, keys: Keys) {
    this.#options = options
    this.#endpoints = readEndpoints(options)
    this.#keys = keys
    // Clients begin at different members.
    this.#current = Math.floor(Math.random() * this.#endpoints.length)
  }

  /** That of the cluster, known from the first connection on. */
  get identity(): Identity | undefined {
    return this.#identity
  }

  /** Looks at what an answer says of where it comes from: a proxy may have come to stand before another cluster. */
  note({ clusterId, revision }: Header): void {
    if (revision > this.#revision) this.#revision = revision
    if (clusterId !== this.#identity?.clusterId && this.#identity !== undefined) {
      throw new DureError(
        'wrong-cluster',
        `this store belongs to the cluster ${this.#identity.clusterId}, and the answer came from ${clusterId}`,
        { outcome: 'unknown' },
      )
    }
  }

  /** The largest that any answer had. */
  get revision(): number {
    return this.#revision
  }

  get token(): string | undefined {
    return this.#token
  }

  /** Why there was no connection when one was last tried. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** There is a user whose password is known. */
  get canLogIn(): boolean {
    return this.#options.username !== undefined
  }

  /** The one in use, if there is one at this moment. */
  get inUse(): Connection | undefined {
    return this.#inUse?.isOpen === true ? this.#inUse : undefined
  }

  /** Tries every member once, beginning with the current one. Rejects with a `DureError` when none will do. */
  connect(): Promise<Connection> {
    const connection = this.inUse
    if (connection !== undefined) return Promise.resolve(connection)
    this.#connecting ??= this.#connectToAny().finally(() => (this.#connecting = undefined))
    return this.#connecting
  }

  /** Something is wrong with this one: others are tried first. It goes on if it is alive. */
  moveOn(connection: Connection): void {
    connection.suspect()
    if (this.#inUse !== connection || this.#endpoints.length === 1) return
    this.#inUse = undefined
    this.#current = (this.#current + 1) % this.#endpoints.length
  }

  /**
   * The token `refused` is no good any more. All who find that out at the same time share one login: it costs etcd dear.
   * Rejects with `NotSucceeded`.
   */
  logIn(connection: Connection, refused: string | undefined): Promise<void> {
    const { username, password } = this.#options
    if (this.#loggingIn !== undefined) return this.#loggingIn
    if (username === undefined || this.#token !== refused) return Promise.resolve()
    this.#token = undefined
    this.#loggingIn = this.#authenticate(connection, this.#handshakeTimeoutMs, username, password!)
      .then(() => void (this.#handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS))
      .finally(() => (this.#loggingIn = undefined))
    return this.#loggingIn
  }

  close(): void {
    this.#isClosed = true
    for (const connection of this.#open.values()) connection.close()
  }

  async #connectToAny(): Promise<Connection> {
    let wrong: DureError | undefined
    const problems: string[] = []
    // The same for all of them: one that is silent does not make the wait for the next one longer.
    const timeoutMs = this.#handshakeTimeoutMs
    for (let tries = 0; tries < this.#endpoints.length; tries++) {
      const endpoint = this.#endpoints[this.#current]!
      try {
        this.#inUse = await this.#connectTo(endpoint, timeoutMs)
        return this.#inUse
      } catch (error) {
        if (error instanceof DureError) wrong ??= error
        this.#problem = messageOf(error)
        problems.push(this.#problem)
        this.#current = (this.#current + 1) % this.#endpoints.length
      }
    }
    if (wrong !== undefined) throw wrong
    throw new DureError('unavailable', `no member of etcd can be used: ${problems.join('; ')}`, {
      retryable: true,
    })
  }

  async #connectTo(endpoint: Endpoint, timeoutMs: number): Promise<Connection> {
    const open = this.#open.get(endpoint)
    if (open?.isOpen === true) return open
    if (this.#isClosed) throw new DureError('closed', 'the store was closed')
    const connection = await Connection.open(endpoint, CONNECT_TIMEOUT_MS)
    try {
      await this.#lookAt(connection, timeoutMs)
      if (this.#isClosed) throw new DureError('closed', 'the store was closed')
    } catch (error) {
      connection.close()
      if (!(error instanceof NotSucceeded)) throw error
      const verdict = judge(error.ended)
      // Who cannot log in stays outside; who just did may meet a member that has not heard of it yet.
      const isFinal = verdict === 'final' || (verdict === 'log-in' && this.#options.username === undefined)
      throw isFinal ? refusal(error.ended) : error
    }
    this.#handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS
    this.#problem = undefined
    this.#open.set(endpoint, connection)
    connection.onClose(() => {
      if (this.#open.get(endpoint) === connection) this.#open.delete(endpoint)
      if (this.#inUse === connection) {
        this.#inUse = undefined
        this.#current = (this.#endpoints.indexOf(endpoint) + 1) % this.#endpoints.length
      }
    })
    return connection
  }

  async #lookAt(connection: Connection, timeoutMs: number): Promise<void> {
    const { username, password } = this.#options
    const ask: Ask = (path, message) => this.#ask(connection, timeoutMs, this.#token, path, message)
    if (username !== undefined && this.#token === undefined)
      await this.#authenticate(connection, timeoutMs, username, password!)
    const known =
      this.#identity === undefined ? undefined : { identity: this.#identity, revision: this.#revision }
    try {
      this.#identity = await readIdentity(ask, this.#keys, known)
    } catch (error) {
      if (!(error instanceof NotSucceeded) || judge(error.ended) !== 'log-in' || username === undefined)
        throw error
      // Tokens of etcd's simple kind are forgotten by a member after five minutes without use, and when it starts again.
      this.#token = undefined
      await this.#authenticate(connection, timeoutMs, username, password!)
      this.#identity = await readIdentity(ask, this.#keys, known)
    }
  }

  async #authenticate(
    connection: Connection,
    timeoutMs: number,
    username: string,
    password: string,
  ): Promise<void> {
    const message = encodeAuthenticate(username, password)
    // Without a token: etcd refuses a login, like anything else, that shows one it has forgotten.
    const ended = await this.#ask(
      connection,
      timeoutMs,
      undefined,
      '/etcdserverpb.Auth/Authenticate',
      message,
    )
    if (ended.status === grpc.ok) this.#token = decodeToken(ended.body)
    // Credentials for an etcd that asks for none do no harm.
    else if (!/authentication is not enabled/.test(ended.message)) throw new NotSucceeded(ended)
  }

  #ask(
    connection: Connection,
    timeoutMs: number,
    token: string | undefined,
    path: string,
    message: Buffer,
  ): Promise<Ended> {
    return new Promise<Ended>((resolve) => {
      const cancel = connection.call(path, message, timeoutMs, token, (ended) => {
        clearTimeout(timer)
        // It knows the deadline too, and may be the first to say that it passed.
        if (ended.status === grpc.deadlineExceeded) this.#waitLonger(timeoutMs)
        resolve(ended)
      })
      const timer = setTimeout(() => {
        this.#waitLonger(timeoutMs)
        const message = `${connection.endpoint.authority}: no answer to ${path} within ${timeoutMs} ms`
        resolve({ status: grpc.unavailable, message, body: new Uint8Array(0), neverLeft: false })
        cancel()
      }, timeoutMs)
    })
  }

  #waitLonger(timeoutMs: number): void {
    this.#handshakeTimeoutMs = Math.min(timeoutMs * 2, HANDSHAKE_TIMEOUT_MS_MAX)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
