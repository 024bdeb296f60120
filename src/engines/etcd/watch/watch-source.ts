import { DureError } from '../../../foundation/errors.ts'
import type { KeyRange, WatchOptions } from '../../../ports/key-value/key-value-store.ts'
import { Call, Calls } from '../call.ts'
import type { Connection } from '../connection/connection.ts'
import type { Connections } from '../connection/connections.ts'
import { type Ended, judge } from '../connection/grpc-status.ts'
import { historyNumber } from '../connection/identity.ts'
import type { Keys } from '../keys.ts'
import type { Rpc } from '../rpc.ts'
import { decodeServerVersion, encodeStatus } from '../wire/control-messages.ts'
import { decodeRange, encodeRange } from '../wire/key-value-messages.ts'
import { compacted, EtcdWatch } from './etcd-watch.ts'
import { hasExactProgress } from './exact-progress.ts'
import { type Place, placeOf } from './place.ts'

/** Nobody has to wait longer for the answer of a member that serves. */
const SERVING_MS = 1_000
const RANGE = '/etcdserverpb.KV/Range'

/** What the watches of one store need of it. */
export class WatchSource {
  readonly connections: Connections
  readonly #rpc: Rpc
  readonly #keys: Keys
  readonly #calls = new Calls()
  readonly #watches = new Set<EtcdWatch>()
  readonly #exact = new WeakMap<Connection, boolean>()
  readonly #serving = new WeakMap<Connection, Promise<boolean>>()

  constructor(rpc: Rpc, keys: Keys) {
    this.connections = rpc.connections
    this.#rpc = rpc
    this.#keys = keys
  }

  watch(range: KeyRange, options: WatchOptions | undefined): EtcdWatch {
    const from = options?.from
    const place = from === undefined ? undefined : placeOf(from)
    // etcd refuses an empty range: such a watch sees nothing, from a key that nobody has to itself.
    const outer = this.#keys.outerRange(range.from, range.to) ?? {
      from: this.#keys.history,
      end: nothingAfter(this.#keys.history),
    }
    const watch = new EtcdWatch({
      ...{ source: this, keys: this.#keys, range: outer, signal: options?.signal },
      begin: place === undefined ? this.#now(options) : Promise.resolve(place),
    })
    this.#watches.add(watch)
    return watch
  }

  /** The place of now. */
  async now(call: Call): Promise<Place> {
    const message = encodeRange({ key: this.#keys.history, keysOnly: true })
    const { header } = decodeRange(await this.#rpc.request(call, RANGE, message))
    this.connections.note(header)
    return { history: historyNumber(this.connections.identity!), revision: header.revision, key: undefined }
  }

  /** Somewhere to watch after a place. Rejects with `compacted` for a place of another history. */
  async connect(place: Place): Promise<{
    readonly connection: Connection
    readonly token: string | undefined
    /** What etcd says of its progress includes all changes before it. */
    readonly isProgressExact: boolean
  }> {
    const connection = await this.connections.connect()
    if (place.history !== historyNumber(this.connections.identity!)) throw compacted()
    return this.#calls.run(undefined, async (call) => {
      // From a revision that is not there yet, etcd would wait for it: but it may be one of a lost future.
      if (place.revision > this.connections.revision) {
        const now = await this.now(call)
        if (place.revision > now.revision) throw compacted()
      }
      let isProgressExact = this.#exact.get(connection)
      if (isProgressExact === undefined) {
        isProgressExact = await this.#isProgressExact(call)
        this.#exact.set(connection, isProgressExact)
      }
      const { token } = this.connections
      return { connection, token, isProgressExact }
    })
  }

  /** Whether a member answers, and with what the cluster agreed on. Asked once for all who ask at a time. */
  isServing(connection: Connection): Promise<boolean> {
    let asked = this.#serving.get(connection)
    if (asked === undefined) {
      asked = this.#askIfServing(connection).finally(() => this.#serving.delete(connection))
      this.#serving.set(connection, asked)
    }
    return asked
  }

  forget(watch: EtcdWatch): void {
    this.#watches.delete(watch)
  }

  async close(): Promise<void> {
    for (const watch of [...this.#watches]) watch.storeClosed()
    await this.#calls.close(0)
  }

  #now(options: WatchOptions | undefined): Promise<Place> {
    const { signal } = options ?? {}
    return this.#calls.run(signal === undefined ? {} : { signal }, (call) => this.now(call))
  }

  async #askIfServing(connection: Connection): Promise<boolean> {
    const message = encodeRange({ key: this.#keys.history, keysOnly: true })
    const ended = await new Call(SERVING_MS).wait<Ended>(SERVING_MS, (resolve) =>
      connection.call(RANGE, message, SERVING_MS, this.connections.token, resolve),
    )
    const verdict = ended === undefined ? 'unknown' : judge(ended)
    // Whoever asks for a login, or denies this user the read, is there: that is no matter of a watch that began.
    return verdict !== 'unknown' && verdict !== 'refused'
  }

  async #isProgressExact(call: Call): Promise<boolean> {
    let version: string
    try {
      version = decodeServerVersion(
        await this.#rpc.request(call, '/etcdserverpb.Maintenance/Status', encodeStatus()),
      )
    } catch (error) {
      if (error instanceof DureError && !error.retryable) return false
      throw error
    }
    return hasExactProgress(version)
  }
}

/** The end of a range that holds this key alone and, as it is one of ours, nothing for a caller. */
function nothingAfter(key: Uint8Array): Uint8Array {
  const end = new Uint8Array(key.length + 1)
  end.set(key)
  return end
}
