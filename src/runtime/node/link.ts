import { createConnection, type Socket } from 'node:net'
import { DureError } from '../../foundation/errors.ts'
import type { SendOutcome } from '../network.ts'
import { type Address, parseAddress } from './address.ts'
import { Connection, problemOf } from './connection.ts'
import type { Framing, Greeting, Hello } from './framing.ts'

const BACKOFF_MIN_MS = 20
const BACKOFF_MAX_MS = 500
/** Dialing and greeting together. */
const GREETING_TIMEOUT_MS = 3_000

export interface LinkOptions {
  /** Tried in turn, until one answers as whom we wanted. */
  readonly addresses: readonly string[]
  readonly framing: Framing
  readonly queueBytesMax: number
  /** True for a member: dialed again for ever. A client's link is dialed by its next send. */
  readonly persistent: boolean
  /** Called for each attempt, as what is said of us may have changed. */
  hello(): Hello
  /** Says why the one who answered is not who we wanted. */
  check(answer: Hello): DureError | undefined
  onPayload(payload: Uint8Array): void
  /** A client's link broke, or could not be made. */
  onLost(): void
  onProblem(problem: DureError): void
}

type State = 'idle' | 'dialing' | 'greeting' | 'open' | 'closed'

/** A connection that we dial: state, backoff and greeting. */
export class Link {
  readonly #options: LinkOptions
  readonly #addresses: readonly Address[]
  /** The address that is tried, or was last. */
  #current = 0
  #state: State = 'idle'
  #connection: Connection | undefined
  #backoffMs = BACKOFF_MIN_MS
  #retry: NodeJS.Timeout | undefined
  #greetingTimeout: NodeJS.Timeout | undefined
  /** What a client sent before the link was open. */
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #lastProblem = ''

  constructor(options: LinkOptions) {
    this.#options = options
    this.#addresses = options.addresses.map(parseAddress)
    this.#dial()
  }

  get address(): string {
    return this.#options.addresses[this.#current]!
  }

  get addresses(): readonly string[] {
    return this.#options.addresses
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  send(payload: Uint8Array): SendOutcome {
    switch (this.#state) {
      case 'open':
        return this.#connection!.send(payload) ? 'accepted' : 'full'
      case 'closed':
        return 'unreachable'
      case 'idle':
        if (this.#retry !== undefined || this.#options.persistent) return 'unreachable'
        this.#dial()
        return this.#keepForLater(payload)
      case 'dialing':
      case 'greeting':
        return this.#options.persistent ? 'unreachable' : this.#keepForLater(payload)
    }
  }

  /** The member has just dialed us, so it is there: no need to wait for the rest of the backoff. */
  wake(): void {
    this.#backoffMs = BACKOFF_MIN_MS
    if (this.#state !== 'idle' || !this.#options.persistent) return
    clearTimeout(this.#retry)
    this.#dial()
  }

  close(): void {
    this.#state = 'closed'
    clearTimeout(this.#retry)
    clearTimeout(this.#greetingTimeout)
    const connection = this.#connection
    this.#connection = undefined
    connection?.end()
  }

  #keepForLater(payload: Uint8Array): SendOutcome {
    if (this.#earlyBytes > 0 && this.#earlyBytes + payload.length > this.#options.queueBytesMax) return 'full'
    this.#early.push(payload)
    this.#earlyBytes += payload.length
    return 'accepted'
  }

  #dial(): void {
    this.#retry = undefined
    this.#state = 'dialing'
    let socket: Socket
    try {
      const { host, port } = this.#addresses[this.#current]!
      socket = createConnection({ host, port, noDelay: true })
    } catch (cause) {
      this.#report(new DureError('invalid', `cannot dial ${this.address}: ${String(cause)}`, { cause }))
      this.#lost()
      return
    }
    const connection = new Connection(socket, this.#options.framing, this.#options.queueBytesMax, {
      onPayload: (_, payload) => {
        if (this.#state === 'open') this.#options.onPayload(payload)
        else this.#answered(connection, payload)
      },
      onClosed: (closed, error) => this.#broken(closed, error),
    })
    this.#connection = connection
    this.#greetingTimeout = setTimeout(() => connection.destroy(), GREETING_TIMEOUT_MS)
    socket.on('connect', () => {
      if (this.#state !== 'dialing') return
      this.#state = 'greeting'
      connection.send(this.#options.framing.encodeGreeting(this.#options.hello()))
    })
  }

  #answered(connection: Connection, payload: Uint8Array): void {
    if (this.#state !== 'greeting') return
    const answer = this.#options.framing.decodeGreeting(payload)
    const problem = answer instanceof DureError ? answer : this.#judge(answer)
    if (problem !== undefined) {
      // Somebody has to change something first: no hurry.
      this.#backoffMs = BACKOFF_MAX_MS
      connection.destroy(problem)
      return
    }
    clearTimeout(this.#greetingTimeout)
    this.#state = 'open'
    this.#backoffMs = BACKOFF_MIN_MS
    this.#lastProblem = ''
    connection.acceptMessages()
    const early = this.#early
    this.#dropEarly()
    for (const message of early) connection.send(message)
  }

  #judge(answer: Greeting): DureError | undefined {
    if (answer.kind === 'hello') return this.#options.check(answer)
    const intro = `${this.address} refused the connection: ${answer.message}`
    switch (answer.reason) {
      case 'wrong-cluster':
        return new DureError('wrong-cluster', intro)
      case 'wrong-node':
        return new DureError('invalid', intro)
      case 'version':
        return new DureError('unsupported', intro)
      case 'malformed':
        return new DureError('protocol', intro)
      case 'removed':
        return new DureError('removed', intro)
    }
  }

  #broken(connection: Connection, error: Error | undefined): void {
    if (connection !== this.#connection) return
    clearTimeout(this.#greetingTimeout)
    this.#connection = undefined
    const problem = problemOf(error)
    if (problem !== undefined) this.#report(problem)
    this.#lost()
  }

  #lost(): void {
    if (this.#state === 'closed') return
    const wasOpen = this.#state === 'open'
    this.#state = 'idle'
    this.#dropEarly()
    if (!wasOpen) this.#current = (this.#current + 1) % this.#addresses.length
    if (this.#options.persistent || !wasOpen) {
      const delayMs = this.#backoffMs
      this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MAX_MS)
      this.#retry = setTimeout(() => this.#again(), delayMs)
    }
    if (!this.#options.persistent) this.#options.onLost()
  }

  /** After the backoff: a member is dialed, a client may dial with its next send. */
  #again(): void {
    this.#retry = undefined
    if (this.#options.persistent) this.#dial()
  }

  #dropEarly(): void {
    this.#early = []
    this.#earlyBytes = 0
  }

  /** The same problem is told once, not at every attempt. */
  #report(problem: DureError): void {
    if (problem.message === this.#lastProblem) return
    this.#lastProblem = problem.message
    this.#options.onProblem(problem)
  }
}
