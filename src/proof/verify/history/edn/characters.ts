const named = new Map([
  ['newline', '\n'],
  ['space', ' '],
  ['tab', '\t'],
  ['return', '\r'],
  ['formfeed', '\f'],
  ['backspace', '\b'],
])

/** The character that EDN writes as `\name`; undefined when there is none of that name. */
export function characterOf(name: string): string | undefined {
  if ([...name].length === 1) return name
  const known = named.get(name)
  if (known !== undefined) return known
  if (/^u[0-9a-fA-F]{4}$/.test(name)) return String.fromCharCode(Number.parseInt(name.slice(1), 16))
  if (/^o[0-3]?[0-7]{1,2}$/.test(name)) return String.fromCharCode(Number.parseInt(name.slice(1), 8))
  return undefined
}

const escapes = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
])

/** The escape in a text of EDN or JSON whose backslash is at `at`; undefined when it is none. */
export function escapeOf(
  text: string,
  at: number,
): { readonly character: string; readonly length: number } | undefined {
  const name = text[at + 1] ?? ''
  if (name === 'u') {
    const digits = text.slice(at + 2, at + 6)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) return undefined
    return { character: String.fromCharCode(Number.parseInt(digits, 16)), length: 6 }
  }
  const character = escapes.get(name)
  return character === undefined ? undefined : { character, length: 2 }
}
