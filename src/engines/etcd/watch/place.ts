import { type Cursor, cursorFromText } from '../../../ports/key-value/cursor.ts'
import { refuseCursor } from '../../../ports/key-value/validation.ts'

/** What a cursor of this engine says. Its text: history and revision in base 36, then the key in base64url. */
export interface Place {
  /** Names the data it belongs to: `historyNumber`. */
  readonly history: number
  /** All revisions below it lie before the place, and this one up to `key`. */
  readonly revision: number
  /** The last change of this revision before the place, as it stands in etcd; undefined when that was all of it. */
  readonly key: Uint8Array | undefined
}

export function cursorOf({ history, revision, key }: Place): Cursor {
  const text = `${history.toString(36)}-${revision.toString(36)}`
  return cursorFromText(key === undefined ? text : `${text}-${Buffer.from(key).toString('base64url')}`)
}

export function placeOf(cursor: Cursor): Place {
  const match = /^([0-9a-z]{1,7})-([0-9a-z]{1,11})(?:-([\w-]+))?$/.exec(cursor)
  if (match === null) return refuseCursor(cursor)
  const [, history, revision, key] = match
  return {
    history: Number.parseInt(history!, 36),
    revision: Number.parseInt(revision!, 36),
    key: key === undefined ? undefined : new Uint8Array(Buffer.from(key, 'base64url')),
  }
}
