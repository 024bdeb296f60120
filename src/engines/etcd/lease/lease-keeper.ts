import type { Connection, OpenStream } from '../connection/connection.ts'
import type { Connections } from '../connection/connections.ts'
import { judge } from '../connection/grpc-status.ts'
import { decodeLeaseAnswer, encodeKeepAlive } from '../wire/control-messages.ts'
import type { Grant } from './lease-grants.ts'

/** Keep-alives are sent this often within a time to live. */
const KEEP_ALIVES_PER_TTL = 3
const KEEP_ALIVE_MS_MAX = 30_000
/** An answer is waited for this part of the time to live; then another member is asked. */
const ANSWERS_PER_TTL = 8
const ANSWER_MS_MAX = 2_000
const RECONNECT_DELAY_MS = 100

export interface KeptLease {
  /** Notices at once when its time is over, where a timer would be late: after a pause of the process. */
  check(): void
  /** No more keep-alives. The lease itself is left as it is. */
  stop(): void
  /** One keep-alive now; false when the lease is gone, or may be. */
  renew(): Promise<boolean>
}

interface Entry {
  readonly id: number
  readonly ttlMs: number
  readonly lost: (reason: string) => void
  readonly renewals: { readonly afterMs: number; tell(isAlive: boolean): void }[]
  /** It lives at least until `ttlMs` after this: the sending of the last keep-alive that was answered. */
  livesFromMs: number
  /** When the keep-alives on their way were sent; their answers come in this order. */
  sentAtMs: number[]
  timer: NodeJS.Timeout | undefined
}

/** Keeps the leases of one store alive, all over one stream. */
export class LeaseKeeper {
  readonly #connections: Connections
  readonly #entries = new Map<number, Entry>()
  #stream: OpenStream | undefined
  #connection: Connection | undefined
  #isConnecting = false
  #isClosed = false

  constructor(connections: Connections) {
    this.#connections = connections
  }

  /** `lost` runs once, when the lease is gone or may be: no later than etcd can end it, if clocks run alike. */
  keep(grant: Grant, lost: (reason: string) => void): KeptLease {
    const { id, ttlMs, sentAtMs } = grant
    const entry: Entry = {
      ...{ id, ttlMs, lost, renewals: [] },
      ...{ livesFromMs: sentAtMs, sentAtMs: [], timer: undefined },
    }
    this.#entries.set(id, entry)
    this.#schedule(entry)
    return {
      check: () => void this.#isOver(entry),
      stop: () => this.#remove(entry),
      renew: () =>
        new Promise((resolve) => {
          if (this.#entries.get(id) !== entry) return resolve(false)
          entry.renewals.push({ afterMs: performance.now(), tell: resolve })
          this.#send(entry)
        }),
    }
  }

  close(): void {
    this.#isClosed = true
    for (const entry of [...this.#entries.values()]) this.#remove(entry)
    this.#stream?.close()
  }

  #remove(entry: Entry): void {
    if (this.#entries.get(entry.id) === entry) this.#entries.delete(entry.id)
    clearTimeout(entry.timer)
    for (const { tell } of entry.renewals.splice(0)) tell(false)
  }

  #schedule(entry: Entry): void {
    const nowMs = performance.now()
    const endsMs = entry.livesFromMs + entry.ttlMs
    const [sentAtMs] = entry.sentAtMs
    let nextMs = endsMs
    if (sentAtMs !== undefined) nextMs = sentAtMs + Math.min(entry.ttlMs / ANSWERS_PER_TTL, ANSWER_MS_MAX)
    // Without a stream there is nothing to do before there is one: it begins with what is due.
    else if (this.#stream !== undefined || !this.#isConnecting) nextMs = dueMs(entry)
    clearTimeout(entry.timer)
    entry.timer = setTimeout(() => this.#wake(entry), Math.max(1, Math.min(nextMs, endsMs) - nowMs))
  }

  #isOver(entry: Entry): boolean {
    if (this.#entries.get(entry.id) !== entry) return true
    if (performance.now() < entry.livesFromMs + entry.ttlMs) return false
    this.#remove(entry)
    entry.lost(`no keep-alive was answered within its ${entry.ttlMs} ms`)
    return true
  }

  #wake(entry: Entry): void {
    if (this.#isOver(entry)) return
    if (entry.sentAtMs.length > 0 && this.#connection !== undefined) {
      // No answer: this member stands still or has no leader.
      this.#connections.moveOn(this.#connection)
      this.#restart()
    }
    this.#send(entry)
  }

  #send(entry: Entry): void {
    if (this.#stream === undefined) {
      this.#connect()
    } else {
      entry.sentAtMs.push(performance.now())
      this.#stream.send(encodeKeepAlive(entry.id))
    }
    this.#schedule(entry)
  }

  #connect(): void {
    if (this.#isConnecting || this.#isClosed) return
    this.#isConnecting = true
    this.#connections.connect().then(
      (connection) => {
        this.#isConnecting = false
        if (!this.#isClosed) this.#start(connection)
      },
      () => {
        setTimeout(() => {
          this.#isConnecting = false
          if (this.#entries.size > 0) this.#connect()
        }, RECONNECT_DELAY_MS)
      },
    )
  }

  #start(connection: Connection): void {
    const { token } = this.#connections
    this.#connection = connection
    const stream = connection.stream('/etcdserverpb.Lease/LeaseKeepAlive', token, {
      message: (message) => this.#answered(message),
      end: (ended) => {
        if (this.#stream !== stream) return
        this.#restart()
        if (this.#isClosed) return
        const isLogIn = judge(ended) === 'log-in'
        if (!isLogIn) this.#connections.moveOn(connection)
        const again = (): void => {
          setTimeout(() => {
            if (this.#stream === undefined && this.#entries.size > 0) this.#connect()
          }, RECONNECT_DELAY_MS)
        }
        if (isLogIn) this.#connections.logIn(connection, token).then(again, again)
        else again()
      },
    })
    this.#stream = stream
    // Those whose answers were lost with the last stream, and those that are due.
    const nowMs = performance.now()
    for (const entry of this.#entries.values()) {
      if (nowMs >= dueMs(entry) || entry.renewals.length > 0) this.#send(entry)
      else this.#schedule(entry)
    }
  }

  #restart(): void {
    this.#stream?.close()
    this.#stream = undefined
    this.#connection = undefined
    for (const entry of this.#entries.values()) entry.sentAtMs.length = 0
  }

  #answered(message: Uint8Array): void {
    const { id, ttlSeconds } = decodeLeaseAnswer(message)
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    if (ttlSeconds === 0) {
      this.#remove(entry)
      return entry.lost('etcd has it no more: it expired or was revoked')
    }
    const sentAtMs = entry.sentAtMs.shift()
    if (sentAtMs === undefined) return
    entry.livesFromMs = sentAtMs
    while (entry.renewals.length > 0 && entry.renewals[0]!.afterMs <= sentAtMs)
      entry.renewals.shift()!.tell(true)
    this.#schedule(entry)
  }
}

const dueMs = ({ livesFromMs, ttlMs }: Entry): number =>
  livesFromMs + Math.min(ttlMs / KEEP_ALIVES_PER_TTL, KEEP_ALIVE_MS_MAX)
