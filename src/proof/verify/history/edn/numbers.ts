const integer = /^[+-]?(?:0|[1-9]\d*)N?$/
const decimal = /^[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?M?$/
const ratio = /^([+-]?\d+)\/(\d+)$/

/** Longer integers take ever longer to convert, and no tool writes them. */
export const digitsMax = 1000

/** The number that a word of EDN stands for; undefined when it is none. */
export function numberOf(word: string): number | bigint | undefined {
  if (word.length > digitsMax) return undefined
  if (integer.test(word)) return integerOf(word.endsWith('N') ? word.slice(0, -1) : word)
  // What is left of zeros in front is an octal number to some and decimal to others.
  if (/^[+-]?0\d/.test(word)) return undefined
  if (decimal.test(word)) return Number(word.endsWith('M') ? word.slice(0, -1) : word)
  const parts = ratio.exec(word)
  return parts === null || Number(parts[2]) === 0 ? undefined : Number(parts[1]) / Number(parts[2])
}

/** A number where a double holds it and its neighbours apart, a bigint beyond. */
export function integerOf(digits: string): number | bigint {
  const value = Number(digits)
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value
  return BigInt(digits.startsWith('+') ? digits.slice(1) : digits)
}
