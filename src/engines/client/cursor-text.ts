import { logIndex } from '../../foundation/ids.ts'
import { type Cursor, cursorFromText } from '../../ports/key-value/cursor.ts'
import { refuseCursor } from '../../ports/key-value/validation.ts'
import type { ChangePlace } from '../../wire/parcel/parcel.ts'

/** Three numbers in base 36, lowest form only: history, index, ordinal. */
const FORM = /^([0-9a-z]{1,7})-([0-9a-z]{1,11})-([0-9a-z]{1,11})$/
const HISTORY_MAX = 0xffff_ffff

/**
 * A place as text.
 *
 * ```ts
 * cursorOf({ history: 7, index: logIndex(40), ordinal: 1 }) // '7-14-1'
 * ```
 */
export const cursorOf = ({ history, index, ordinal }: ChangePlace): Cursor =>
  cursorFromText(`${history.toString(36)}-${index.toString(36)}-${ordinal.toString(36)}`)

/** The place that a cursor names. Errors: `invalid` for a text that is none. */
export function placeOf(cursor: Cursor): ChangePlace {
  const parts = FORM.exec(cursor)
  if (parts === null) return refuseCursor(cursor)
  const [history, index, ordinal] = parts.slice(1).map((part) => Number.parseInt(part, 36))
  const place = { history: history!, index: logIndex(index!), ordinal: ordinal! }
  const isPlace =
    place.history <= HISTORY_MAX && Number.isSafeInteger(index) && Number.isSafeInteger(ordinal) && index! > 0
  if (!isPlace || cursorOf(place) !== cursor) return refuseCursor(cursor)
  return place
}
