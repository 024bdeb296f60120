import type { HistoryValue } from '../event.ts'

const numbers = new Map<HistoryValue, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

/**
 * Values as our JSON lines hold what JSON has no words for: `{"$map":[[key, value]…]}`, `{"$set":[…]}`,
 * `{"$number":"NaN"}`. Changes the value in place; `fail` is called with what was expected.
 */
export function decodeTagged(value: HistoryValue, fail: (expected: string) => Error): HistoryValue {
  if (Array.isArray(value)) {
    const values = value as HistoryValue[]
    for (let at = 0; at < values.length; at++) {
      const of = values[at]!
      if (typeof of === 'object') values[at] = decodeTagged(of, fail)
    }
    return values
  }
  if (!(value instanceof Map)) return value
  const entries = value as Map<HistoryValue, HistoryValue>
  if (entries.size === 1) {
    for (const [tag, of] of entries) if (isTag(tag)) return decodeTag(tag, of, fail)
  }
  for (const [key, of] of entries) if (typeof of === 'object') entries.set(key, decodeTagged(of, fail))
  return entries
}

type Tag = '$map' | '$set' | '$number'

/** A map with such a key alone is written as `$map`, so that it is not taken for what the tag means. */
export function isTag(key: HistoryValue): key is Tag {
  return key === '$map' || key === '$set' || key === '$number'
}

function decodeTag(tag: Tag, of: HistoryValue, fail: (expected: string) => Error): HistoryValue {
  if (tag === '$number') {
    const value = numbers.get(of)
    if (value === undefined) throw fail('NaN, Infinity or -Infinity in $number')
    return value
  }
  if (!Array.isArray(of)) throw fail(`a list in ${tag}`)
  const parts = decodeTagged(of, fail) as readonly HistoryValue[]
  if (tag === '$set') return new Set(parts)
  const entries = new Map<HistoryValue, HistoryValue>()
  for (const part of parts) {
    if (!Array.isArray(part) || part.length !== 2) throw fail('lists of a key and a value in $map')
    entries.set(part[0], part[1])
  }
  return entries
}
