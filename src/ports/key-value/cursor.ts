import type { Branded } from '../../foundation/ids.ts'

/**
 * The place in a watch right after one change: opaque, good for going on in another process or on another node of the
 * same cluster. Text, so that it can be stored and sent. It is refused as `compacted` by a cluster with another
 * history (one that was restored from a backup).
 */
export type Cursor = Branded<string, 'Cursor'>

/** For codecs, and for a cursor that was stored as text. A text that is no cursor is refused when it is used. */
export const cursorFromText = (value: string): Cursor => value as Cursor
