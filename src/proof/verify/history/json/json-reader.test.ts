import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../event.ts'
import { HistoryError } from '../history-error.ts'
import { TextSource } from '../text/text-source.ts'
import { JsonReader } from './json-reader.ts'

function read(...chunks: readonly string[]): HistoryValue {
  const reader = new JsonReader(new TextSource(chunks))
  const value = reader.read()
  if (reader.next() !== -1) throw new Error('there is more than one value')
  return value
}

function problemOf(text: string): string {
  try {
    read(text)
  } catch (error) {
    if (error instanceof HistoryError) return error.message
    throw error
  }
  throw new Error('nothing was wrong')
}

/** What JSON.parse gives, with Maps for objects. */
function withMaps(value: unknown): HistoryValue {
  if (Array.isArray(value)) return value.map(withMaps)
  // Printed without an exponent it is an integer of more digits than a double holds.
  if (typeof value === 'number' && /^-?\d{16,}$/.test(String(value)) && !Number.isSafeInteger(value))
    return BigInt(String(value))
  if (typeof value !== 'object' || value === null) return value as HistoryValue
  return new Map(Object.entries(value).map(([key, of]) => [key, withMaps(of)]))
}

describe('the reader of JSON', () => {
  it('reads what JSON.parse reads, wherever the text is cut', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (text, place) => {
        const value = JSON.parse(text)
        // JSON.parse keeps the last of equal keys, and `__proto__` is no key of an object.
        fc.pre(!text.includes('__proto__'))
        const expected = withMaps(value)
        expect(read(text)).toEqual(expected)
        expect(read(JSON.stringify(value, null, 2))).toEqual(expected)
        const at = place % (text.length + 1)
        expect(read(text.slice(0, at), text.slice(at))).toEqual(expected)
      }),
    )
  })

  it.each([
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['12345678901234567890', 12345678901234567890n],
    ['1e22', 1e22],
    ['9007199254740994.0', 9007199254740994],
    ['-0', -0],
    ['"\\ud83d\\ude00\\/"', '😀/'],
  ])('reads %s without losing a digit', (text, value) => {
    expect(read(text)).toBe(value)
    expect(read(...text)).toBe(value)
  })

  it.each([
    ['', 'line 1, column 1: found the end of the text, expected a value.'],
    ['{"a":1', 'found the end of the text, expected , or }.'],
    ['{"a":1,}', 'found "}", expected a key in quotes.'],
    ['{"a" 1}', 'found "1", expected a colon after the key.'],
    ['{a:1}', 'found "a:1", expected a key in quotes.'],
    ['{"a":1,"a":2}', 'found the key "a" twice, expected each key of an object once.'],
    ['[1 2]', 'line 1, column 4: found "2", expected , or ].'],
    ['[1,\n2', 'line 2, column 2: found the end of the text, expected , or ].'],
    ['[,1]', 'found ",", expected a value.'],
    ['01', 'found "01", expected a number.'],
    ['1.', 'found "1.", expected a number.'],
    ['-', 'found "-", expected a number.'],
    ['+1', 'found "+1", expected a value.'],
    ['nul', 'found "nul", expected a value.'],
    ['"a\nb"', 'found the end of the line, expected a quote that ends the text.'],
    ['"a\\x"', 'found "\\\\x", expected one of'],
  ])('refuses %j, saying where and what it expected', (text, message) => {
    expect(problemOf(text)).toContain(message)
  })

  it('bounds how deep values nest', () => {
    expect(() => read('['.repeat(256) + ']'.repeat(256))).not.toThrow()
    for (const open of ['[', '{"a":'])
      expect(problemOf(open.repeat(100_000))).toContain('expected values nested at most 256 deep')
  })

  it('bounds the digits of a number, which would take ever longer to convert', () => {
    expect(read('9'.repeat(1000))).toBe(10n ** 1000n - 1n)
    expect(problemOf('9'.repeat(1_000_000))).toContain('expected a number.')
  })
})
