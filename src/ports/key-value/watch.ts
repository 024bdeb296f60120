import type { Cursor } from './cursor.ts'
import type { Version } from './version.ts'

/**
 * The changes of a range, in order, each once: what `KeyValueStore.watch` gives.
 *
 * ```ts
 * const watch = store.watch(prefixRange(utf8('flags/')), { signal })
 * const from = await watch.ready
 * for await (const change of watch) console.log(change.kind, change.version)
 * ```
 *
 * Ends by leaving the loop, by `close()` or by `await using`; throws `aborted` when its signal fires, `compacted` when
 * what comes next is no longer kept (a reader that was too slow, or away for too long), `closed` when the store is.
 */
export interface Watch extends AsyncIterable<Change>, AsyncDisposable {
  /** The place it begins at, once that is known. Never an unhandled rejection: the loop throws the same error. */
  readonly ready: Promise<Cursor>
  /** Everything up to here was handed over, or was no change of the range. Undefined before `ready`. */
  readonly cursor: Cursor | undefined
  close(): Promise<void>
}

export type Change =
  | {
      readonly kind: 'put'
      readonly key: Uint8Array
      readonly value: Uint8Array
      readonly version: Version
      /** To go on after this change. */
      readonly cursor: Cursor
    }
  | {
      /** Deleted by a caller, or gone with its lease or its time to live. */
      readonly kind: 'delete'
      readonly key: Uint8Array
      /** That of the deletion: newer than all the key had before. */
      readonly version: Version
      readonly cursor: Cursor
    }
