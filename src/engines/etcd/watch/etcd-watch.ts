import { equalBytes } from '../../../foundation/bytes.ts'
import { DureError } from '../../../foundation/errors.ts'
import { Queue } from '../../../foundation/queue.ts'
import type { Cursor } from '../../../ports/key-value/cursor.ts'
import { versionFromNumber } from '../../../ports/key-value/version.ts'
import type { Change, Watch } from '../../../ports/key-value/watch.ts'
import type { Connection, OpenStream } from '../connection/connection.ts'
import { type Ended, grpc, judge } from '../connection/grpc-status.ts'
import { NotSucceeded } from '../connection/identity.ts'
import { refusal } from '../connection/refusal.ts'
import type { EtcdRange, Keys } from '../keys.ts'
import {
  decodeWatch,
  encodeWatchCreate,
  encodeWatchProgress,
  type WatchResponse,
} from '../wire/watch-messages.ts'
import { cursorOf, type Place } from './place.ts'
import { refusedBy } from './watch-refusal.ts'
import type { WatchSource } from './watch-source.ts'

/** What waits for a reader; then etcd holds back, by the window of the stream. */
const BUFFERED_BYTES_MAX = 1 << 20
/** etcd is asked this often where it is: whether it is there at all, and how far a quiet watch has come. */
const PROGRESS_MS = 2_000
const RESUME_DELAY_MS = 50
const RESUME_DELAY_MS_MAX = 1_000
/** Without a watch that begins: more often than that it is no matter of an old token. */
const LOG_INS_MAX = 3

/** A watch of the port over the watches of etcd: one after the other, each from where the last one ended. */
export class EtcdWatch implements Watch {
  readonly ready: Promise<Cursor>
  readonly #source: WatchSource
  readonly #keys: Keys
  readonly #range: EtcdRange
  readonly #buffer = new Queue<Change>()
  #bufferedBytes = 0
  #place: Place | undefined
  /** Of what was taken from the buffer. */
  #taken: Cursor | undefined
  #stream: OpenStream | undefined
  #isPaused = false
  #isAnswering = false
  #progressTimer: NodeJS.Timeout | undefined
  #resumeTimer: NodeJS.Timeout | undefined
  #attempts = 0
  #logIns = 0
  /** Skips the changes of the place's revision until this key was seen. */
  #skipTo: Uint8Array | undefined
  #ended: { readonly error: DureError | undefined } | undefined
  #wake: (() => void) | undefined
  readonly #signal: AbortSignal | undefined
  readonly #abort = (): void =>
    this.#end(new DureError('aborted', "the watch's signal fired", { cause: this.#signal?.reason }))

  constructor(parts: {
    readonly source: WatchSource
    readonly keys: Keys
    readonly range: EtcdRange
    readonly signal: AbortSignal | undefined
    /** Where it begins. */
    readonly begin: Promise<Place>
  }) {
    this.#source = parts.source
    this.#keys = parts.keys
    this.#range = parts.range
    this.#signal = parts.signal
    this.ready = parts.begin.then((place) => {
      if (this.#ended !== undefined) throw this.#ended.error ?? closed()
      this.#place = place
      this.#taken = cursorOf(place)
      this.#open()
      return this.#taken
    })
    this.ready.catch((error: unknown) => this.#end(error as DureError))
    if (this.#signal?.aborted === true) this.#abort()
    else this.#signal?.addEventListener('abort', this.#abort)
  }

  get cursor(): Cursor | undefined {
    return this.#taken
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Change, void, undefined> {
    try {
      for (;;) {
        const change = this.#isOverAtOnce() ? undefined : this.#buffer.shift()
        if (change !== undefined) {
          this.#bufferedBytes -= sizeOf(change)
          if (this.#isPaused && this.#bufferedBytes < BUFFERED_BYTES_MAX / 2) this.#letOn()
          this.#taken = change.cursor
          yield change
        } else if (this.#ended !== undefined) {
          if (this.#ended.error !== undefined) throw this.#ended.error
          return
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve))
        }
      }
    } finally {
      await this.close()
    }
  }

  async close(): Promise<void> {
    this.#end(undefined)
  }

  /** The store was closed. */
  storeClosed(): void {
    this.#end(new DureError('closed', 'the store was closed'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What came before the end is not withheld, but from one who asked for the end. */
  #isOverAtOnce(): boolean {
    if (this.#ended === undefined) return false
    const code = this.#ended.error?.code
    return code === undefined || code === 'aborted' || code === 'closed'
  }

  #end(error: DureError | undefined): void {
    if (this.#ended !== undefined) return
    this.#ended = { error }
    this.#stop()
    clearTimeout(this.#resumeTimer)
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#source.forget(this)
    this.#wake?.()
  }

  #stop(): void {
    clearInterval(this.#progressTimer)
    this.#stream?.close()
    this.#stream = undefined
    this.#isPaused = false
  }

  #letOn(): void {
    this.#isPaused = false
    this.#isAnswering = true
    this.#stream?.resume()
  }

  #open(): void {
    this.#source.connect(this.#place!).then(
      ({ connection, token, isProgressExact }) => {
        const place = this.#place!
        if (this.#ended !== undefined) return
        this.#skipTo = place.key
        const stream = connection.stream('/etcdserverpb.Watch/Watch', token, {
          message: (message) => {
            if (this.#stream !== stream) return
            const response = decodeWatch(message)
            const refused = refusedBy(response)
            if (refused === undefined) this.#receive(response, isProgressExact)
            else this.#refused(refused, connection, token)
          },
          end: (ended) => {
            if (this.#stream === stream) this.#refused(ended, connection, token)
          },
        })
        this.#stream = stream
        const start = place.key === undefined ? place.revision + 1 : place.revision
        stream.send(encodeWatchCreate(this.#range.from, this.#range.end, start))
        this.#isAnswering = true
        this.#progressTimer = setInterval(() => {
          if (this.#isPaused) return
          if (this.#isAnswering) {
            this.#isAnswering = false
            stream.send(encodeWatchProgress())
          } else {
            this.#lookAfter(stream, connection)
          }
        }, PROGRESS_MS)
      },
      (error: unknown) => {
        const told = error as DureError
        if (told.retryable) this.#resumeLater()
        else this.#end(told)
      },
    )
  }

  /**
   * Nothing came since etcd was asked for its progress. From 3.6 on, and in late releases of 3.5, it has
   * nothing to say as long as there is no revision that the watch waits for, or while it still reads its history: the
   * member is asked whether it serves at all.
   */
  #lookAfter(stream: OpenStream, connection: Connection): void {
    this.#source.isServing(connection).then((isServing) => {
      if (this.#stream !== stream) return
      if (isServing) {
        this.#isAnswering = true
      } else {
        this.#source.connections.moveOn(connection)
        this.#stop()
        this.#resumeLater()
      }
    })
  }

  /** The stream ended, or etcd will not watch for it. A token is looked at when a watch begins, and may be forgotten by then. */
  #refused(ended: Ended, connection: Connection, token: string | undefined): void {
    const { connections } = this.#source
    this.#stop()
    // Of a forgotten token most releases of 3.4 say this, too (etcd-io/etcd#12385): one login tells the two apart.
    const isToken = ended.status === grpc.permissionDenied && token !== undefined && this.#logIns === 0
    const verdict = isToken ? 'log-in' : judge(ended)
    if (verdict === 'final') return this.#end(refusal(ended))
    if (verdict !== 'log-in') {
      connections.moveOn(connection)
      return this.#resumeLater()
    }
    if (!connections.canLogIn || this.#logIns++ === LOG_INS_MAX) return this.#end(refusal(ended))
    connections.logIn(connection, token).then(
      () => this.#resumeLater(),
      (error: unknown) => {
        const isFinal = error instanceof NotSucceeded && judge(error.ended) === 'final'
        if (isFinal) return this.#end(refusal(error.ended))
        connections.moveOn(connection)
        this.#resumeLater()
      },
    )
  }

  #resumeLater(): void {
    if (this.#ended !== undefined) return
    const delayMs = Math.min(RESUME_DELAY_MS * 2 ** Math.min(this.#attempts++, 10), RESUME_DELAY_MS_MAX)
    this.#resumeTimer = setTimeout(() => this.#open(), delayMs * (0.5 + Math.random() / 2))
  }

  #receive(response: WatchResponse, isProgressExact: boolean): void {
    this.#isAnswering = true
    const { compactRevision, canceled, created, events, header } = response
    if (compactRevision > 0) return this.#end(compacted())
    if (canceled) {
      this.#stop()
      return this.#resumeLater()
    }
    this.#attempts = 0
    this.#logIns = 0
    if (events.length > 0) return this.#takeIn(response)
    if (
      !created &&
      isProgressExact &&
      this.#place!.key === undefined &&
      header.revision > this.#place!.revision
    ) {
      this.#reach({ ...this.#place!, revision: header.revision })
    }
  }

  #takeIn({ events, fragment }: WatchResponse): void {
    const { history } = this.#place!
    for (const [i, { isDelete, pair }] of events.entries()) {
      const { key, modRevision } = pair
      if (this.#skipTo !== undefined) {
        if (modRevision === this.#place!.revision) {
          if (equalBytes(key, this.#skipTo)) this.#skipTo = undefined
          continue
        }
        // The change that the cursor names is not in this range, or it is no change at all.
        return this.#end(foreignCursor())
      }
      const next = events[i + 1]
      const isLast = next === undefined ? !fragment : next.pair.modRevision !== modRevision
      const place: Place = { history, revision: modRevision, key: isLast ? undefined : new Uint8Array(key) }
      if (this.#keys.isReserved(key)) this.#reach(place)
      else this.#hand(isDelete, pair.key, pair.value, place)
    }
    if (this.#bufferedBytes > BUFFERED_BYTES_MAX && !this.#isPaused) {
      this.#isPaused = true
      this.#stream?.pause()
    }
    this.#wake?.()
  }

  #hand(isDelete: boolean, outerKey: Uint8Array, outerValue: Uint8Array, place: Place): void {
    this.#place = place
    const key = this.#keys.inner(outerKey)
    const version = versionFromNumber(place.revision)
    const cursor = cursorOf(place)
    const change: Change = isDelete
      ? { kind: 'delete', key, version, cursor }
      : { kind: 'put', key, value: new Uint8Array(outerValue), version, cursor }
    this.#bufferedBytes += sizeOf(change)
    this.#buffer.push(change)
  }

  /** Nothing for the caller up to here. */
  #reach(place: Place): void {
    this.#place = place
    if (this.#buffer.size === 0) this.#taken = cursorOf(place)
  }
}

const sizeOf = (change: Change): number =>
  change.key.length + (change.kind === 'put' ? change.value.length : 0) + 64

export const compacted = (): DureError =>
  new DureError(
    'compacted',
    'etcd no longer keeps what comes next: take a cursor(), read the range, and watch from that cursor',
  )

const foreignCursor = (): DureError =>
  new DureError(
    'unsupported',
    'the cursor lies in the middle of a commit, after a change that is not in this range: on etcd a watch goes on from ' +
      'there only in a range that has that change; read the range, and watch from a new cursor()',
  )

const closed = (): DureError => new DureError('closed', 'the watch was closed')
