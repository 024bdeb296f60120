import type { Cursor } from '../../ports/key-value/cursor.ts'
import type { Version } from '../../ports/key-value/version.ts'
import type { Change, Watch } from '../../ports/key-value/watch.ts'

export interface KeyspaceWatchOptions {
  /** Keys that begin with this; all of the keyspace unless said. */
  readonly prefix?: string
  /** Keys with `range.from` <= key < `range.to`. Not together with `prefix`. */
  readonly range?: { readonly from?: string; readonly to?: string }
  /** Go on after this place; from now unless said. */
  readonly from?: Cursor
  readonly signal?: AbortSignal
}

export type KeyspaceChange<Value> =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: Value
      readonly version: Version
      /** To go on after this change. */
      readonly cursor: Cursor
    }
  | {
      /** Deleted by a caller, or gone with its lease or its time to live. */
      readonly kind: 'delete'
      readonly key: string
      readonly version: Version
      readonly cursor: Cursor
    }

/**
 * The changes of a keyspace, in order, each once: what `Keyspace.watch` gives.
 *
 * ```ts
 * for await (const change of config.watch({ prefix: 'flags/' })) {
 *   if (change.kind === 'put') flags.set(change.key, change.value)
 *   else flags.delete(change.key)
 * }
 * ```
 *
 * Guarantees, errors and ends are those of the port's `Watch`. A value that the codec cannot read ends it as `corrupt`;
 * `cursor` is then after that value.
 */
export class KeyspaceWatch<Value> implements AsyncIterable<KeyspaceChange<Value>>, AsyncDisposable {
  readonly #watch: Watch
  readonly #typed: (change: Change) => KeyspaceChange<Value>

  constructor(watch: Watch, typed: (change: Change) => KeyspaceChange<Value>) {
    this.#watch = watch
    this.#typed = typed
  }

  /** The place it begins at, once that is known. Never an unhandled rejection: the loop throws the same error. */
  get ready(): Promise<Cursor> {
    return this.#watch.ready
  }

  /** Everything up to here was handed over, or was no change of the range. */
  get cursor(): Cursor | undefined {
    return this.#watch.cursor
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<KeyspaceChange<Value>, void, undefined> {
    for await (const change of this.#watch) yield this.#typed(change)
  }

  close(): Promise<void> {
    return this.#watch.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#watch.close()
  }
}
