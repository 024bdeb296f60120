import type { TextSource } from './text-source.ts'

const minus = 45
const zero = 48
const nine = 57
/** Doubles hold all integers of so many digits. */
const digitsMax = 15

/**
 * Takes an integer of few digits, as most numbers of a history are, without making a text of it; takes nothing and
 * answers undefined where something else stands, or the window ends. `endsNumber`: 1 for each character below 128 that
 * may follow.
 */
export function plainInteger(source: TextSource, endsNumber: Uint8Array): number | undefined {
  const { text } = source
  let { at } = source
  let value = 0
  let code = text.charCodeAt(at)
  const isNegative = code === minus
  if (isNegative) code = text.charCodeAt(++at)
  const first = at
  while (code >= zero && code <= nine) {
    value = value * 10 + (code - zero)
    code = text.charCodeAt(++at)
  }
  const length = at - first
  const isPlain = length === 1 || (length > 1 && length <= digitsMax && text.charCodeAt(first) !== zero)
  if (!isPlain || !(code < 128) || endsNumber[code] !== 1) return undefined
  source.at = at
  return isNegative ? -value : value
}
