import { DureError } from '../../../foundation/errors.ts'
import type { Cursor } from '../cursor.ts'
import type { KeyRange, WatchOptions } from '../key-value-store.ts'
import type { Change, Watch } from '../watch.ts'
import type { Place, ReferenceModel } from './reference-model.ts'

/** A reader of the model's list of changes: it asks for the next one after its place, or waits. */
export class ReferenceWatch implements Watch {
  readonly ready: Promise<Cursor>
  readonly #model: ReferenceModel
  readonly #range: KeyRange
  #place: Place | undefined
  /** Why it ended: an error for the loop to throw, or nothing. */
  #end: { readonly error: unknown } | undefined
  readonly #signal: AbortSignal | undefined
  readonly #stopListening: () => void
  #wake: () => void = () => {}

  constructor(model: ReferenceModel, range: KeyRange, { from, signal }: WatchOptions) {
    this.#model = model
    this.#range = range
    this.#signal = signal
    this.#stopListening = model.listen(() => this.#wake())
    this.ready = this.#begin(from)
    this.ready.catch((error) => this.end(error))
    if (signal?.aborted) this.#aborted()
    else signal?.addEventListener('abort', this.#aborted, { once: true })
  }

  get cursor(): Cursor | undefined {
    return this.#place && this.#model.cursor(this.#place)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Change, void, undefined> {
    try {
      await this.ready.catch(() => undefined)
      for (;;) {
        if (this.#end !== undefined) {
          if (this.#end.error !== undefined) throw this.#end.error
          return
        }
        const next = this.#model.next(this.#range, this.#place!)
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
          continue
        }
        const { place, ...change } = next
        this.#place = place
        yield {
          ...change,
          key: change.key.slice(),
          ...('value' in change && { value: change.value.slice() }),
        }
      }
    } finally {
      this.end(undefined)
    }
  }

  async close(): Promise<void> {
    this.end(undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end(undefined)
  }

  end(error: unknown): void {
    this.#end ??= { error }
    this.#signal?.removeEventListener('abort', this.#aborted)
    this.#stopListening()
    this.#wake()
  }

  async #begin(from: Cursor | undefined): Promise<Cursor> {
    await undefined
    if (this.#end?.error !== undefined) throw this.#end.error
    this.#place = from === undefined ? this.#model.place() : this.#model.placeOf(from)
    // Says `compacted` now, and not at the first change.
    this.#model.next(this.#range, this.#place)
    return this.#model.cursor(this.#place)
  }

  readonly #aborted = (): void =>
    this.end(new DureError('aborted', 'the signal of this watch fired', { cause: this.#signal?.reason }))
}
