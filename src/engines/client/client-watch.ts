import { DureError } from '../../foundation/errors.ts'
import type { Cursor } from '../../ports/key-value/cursor.ts'
import type { Change, Watch } from '../../ports/key-value/watch.ts'
import type { ChangeBatch } from '../../wire/parcel/change-batch.ts'
import type { ChangePlace, WireChange } from '../../wire/parcel/parcel.ts'
import { cursorOf } from './cursor-text.ts'
import type { WatchEvents, WatchStream } from './watch-stream.ts'

interface Waiting {
  readonly resolve: (result: IteratorResult<Change, undefined>) => void
  readonly reject: (error: DureError) => void
}

export interface ClientWatchParts {
  readonly open: (events: WatchEvents) => WatchStream
  readonly signal: AbortSignal | undefined
  /** Nothing is left of it. */
  readonly over: (watch: ClientWatch) => void
}

const DONE: IteratorResult<Change, undefined> = { done: true, value: undefined }

/** The port's watch on a `WatchStream`: promises, a signal, and cursors as text. */
export class ClientWatch implements Watch {
  readonly ready: Promise<Cursor>
  readonly #parts: ClientWatchParts
  readonly #stream: WatchStream
  readonly #waiting: Waiting[] = []
  #becomeReady: (place: Cursor) => void = () => {}
  #neverReady: (error: DureError) => void = () => {}
  #isReady = false
  #isStopped = false
  /** What is being handed over. */
  #batch: ChangeBatch | undefined
  #at = 0
  #handedOver: Cursor | undefined
  /** Thrown once all that came before it was handed over; undefined for an end without one. */
  #end: { readonly error: DureError | undefined } | undefined

  constructor(parts: ClientWatchParts) {
    this.#parts = parts
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve
      this.#neverReady = reject
    })
    // Whoever does not wait for it hears the same from the loop.
    this.ready.catch(() => {})
    this.#stream = parts.open({
      ready: (place) => this.#opened(place),
      received: () => this.#serve(),
      ended: (error) => this.#finish(error),
    })
    const { signal } = parts
    if (signal?.aborted) {
      this.#abort()
    } else {
      signal?.addEventListener('abort', this.#abort, { once: true })
      this.#stream.start()
    }
  }

  get isOver(): boolean {
    return this.#end !== undefined
  }

  get cursor(): Cursor | undefined {
    if (!this.#isReady) return undefined
    if (this.#isStopped) return this.#handedOver
    const { place, isEmpty } = this.#stream
    return this.#batch === undefined && isEmpty ? cursorOf(place!) : this.#handedOver
  }

  [Symbol.asyncIterator](): AsyncIterator<Change, undefined> {
    return {
      next: () => this.#next(),
      return: async () => {
        await this.close()
        return DONE
      },
    }
  }

  async close(): Promise<void> {
    this.#stop(undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop(undefined)
  }

  /** At once, whatever has been received. */
  stop(error: DureError): void {
    this.#stop(error)
  }

  #next(): Promise<IteratorResult<Change, undefined>> {
    const change = this.#nextChange()
    if (change !== undefined) return Promise.resolve({ done: false, value: change })
    if (this.#end !== undefined) return this.#atEnd()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #nextChange(): Change | undefined {
    this.#batch ??= this.#stream.take()
    const batch = this.#batch
    if (batch === undefined) return undefined
    const change = batch.changes[this.#at++]!
    const { history } = this.#stream.place!
    const value = changeOf(change, history)
    this.#handedOver = value.cursor
    if (this.#at === batch.changes.length) {
      this.#at = 0
      this.#batch = undefined
      this.#handedOver = cursorOf({ history, ...batch.upTo })
    }
    return value
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const value = this.#nextChange()
      if (value === undefined) return
      this.#waiting.shift()!.resolve({ done: false, value })
    }
  }

  #opened(place: ChangePlace): void {
    this.#isReady = true
    this.#handedOver = cursorOf(place)
    this.#becomeReady(this.#handedOver)
  }

  readonly #abort = (): void => {
    const { signal } = this.#parts
    this.#stop(new DureError('aborted', 'the signal of this watch was aborted', { cause: signal?.reason }))
  }

  #stop(error: DureError | undefined): void {
    // What was not handed over will not be, and whoever goes on from the cursor must be shown it.
    this.#handedOver = this.cursor
    this.#isStopped = true
    this.#batch = undefined
    while (this.#stream.take() !== undefined);
    this.#finish(error)
  }

  #finish(error: DureError | undefined): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    this.#stream.close()
    this.#parts.signal?.removeEventListener('abort', this.#abort)
    this.#parts.over(this)
    this.#neverReady(error ?? new DureError('closed', 'the watch was closed'))
    // Somebody waits only when all that came was handed over.
    for (const waiting of this.#waiting.splice(0)) this.#atEnd().then(waiting.resolve, waiting.reject)
  }

  /** The error once, then nothing more: as a generator does. */
  #atEnd(): Promise<IteratorResult<Change, undefined>> {
    const error = this.#end?.error
    if (error === undefined) return Promise.resolve(DONE)
    this.#end = { error: undefined }
    return Promise.reject(error)
  }
}

/** The caller's own bytes: a view would pin a whole message, or let the caller write into the node's memory. */
function changeOf({ key, value, version, ordinal }: WireChange, history: number): Change {
  const cursor = cursorOf({ history, index: version as number as ChangePlace['index'], ordinal })
  const own = new Uint8Array(key)
  if (value === undefined) return { kind: 'delete', key: own, version, cursor }
  return { kind: 'put', key: own, value: new Uint8Array(value), version, cursor }
}
