import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../event.ts'
import { HistoryError } from '../history-error.ts'
import { nestingMax } from '../text/nesting.ts'
import { TextSource } from '../text/text-source.ts'
import { EdnReader } from './edn-reader.ts'

function read(...chunks: readonly string[]): HistoryValue {
  const reader = new EdnReader(new TextSource(chunks))
  const value = reader.read()
  if (reader.next() !== -1) throw new Error('there is more than one form')
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

const forms: readonly (readonly [string, HistoryValue])[] = [
  ['nil', null],
  ['true', true],
  ['false', false],
  ['0', 0],
  ['-0', 0],
  ['+7', 7],
  ['-12', -12],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ['9007199254740993', 9007199254740993n],
  ['-9007199254740993', -9007199254740993n],
  ['123N', 123],
  ['123456789012345678901234567890N', 123456789012345678901234567890n],
  ['1.5', 1.5],
  ['-1.5E-3', -0.0015],
  ['1e3', 1000],
  ['2.50M', 2.5],
  ['1/4', 0.25],
  ['##NaN', Number.NaN],
  ['##Inf', Number.POSITIVE_INFINITY],
  ['##-Inf', Number.NEGATIVE_INFINITY],
  [':read', 'read'],
  [':jepsen.core/read-only?', 'jepsen.core/read-only?'],
  ['a.b/c', 'a.b/c'],
  ['-', '-'],
  ['->x', '->x'],
  ['/', '/'],
  ['""', ''],
  ['"x 9 0 y"', 'x 9 0 y'],
  ['"a\\n\\t\\"\\\\\\u00e9\\b"', 'a\n\t"\\é\b'],
  ['"two\nlines"', 'two\nlines'],
  ['"ä€😀"', 'ä€😀'],
  ['\\a', 'a'],
  ['\\newline', '\n'],
  ['\\u00e9', 'é'],
  ['\\o101', 'A'],
  ['\\(', '('],
  ['[\\a\\"]', ['a', '"']],
  ['\\😀', '😀'],
  ['#"a\\d\\"b"', 'a\\d\\"b'],
  ['[]', []],
  ['()', []],
  ['[1, 2,,3]', [1, 2, 3]],
  ['(1 [2 (3)])', [1, [2, [3]]]],
  ['[1]', [1]],
  ['#{1 :a "b"}', new Set<HistoryValue>([1, 'a', 'b'])],
  ['{}', new Map()],
  [
    '{0 100, :a nil, [1 2] #{}}',
    new Map<HistoryValue, HistoryValue>([
      [0, 100],
      ['a', null],
      [[1, 2], new Set()],
    ]),
  ],
  [
    '#:bank{:id 1, :_/x 2, :a/b 3, "y" 4}',
    new Map([
      ['bank/id', 1],
      ['x', 2],
      ['a/b', 3],
      ['y', 4],
    ]),
  ],
  ['#inst "2024-01-01T00:00:00Z"', '2024-01-01T00:00:00Z'],
  ['#jepsen.history.Op{:type :ok}', new Map([['type', 'ok']])],
  ['#jepsen.model.CASRegister {:value 3}', new Map([['value', 3]])],
  ['[1 ; two ] \n 3]', [1, 3]],
  ['[1 #_2 3 #_ (4 5)]', [1, 3]],
  ['[#_ #_ 1 2 3]', [3]],
  ['^{:line 3} [1]', [1]],
  ['; a comment\r\n 1 ; the end', 1],
]

describe('the reader of EDN', () => {
  it.each(forms)('reads %s', (text, value) => {
    expect(read(text)).toEqual(value)
    expect(read(` ${text}\n`), 'between blanks').toEqual(value)
  })

  it('reads the same wherever the text is cut', () => {
    for (const [text, value] of forms) {
      expect(read(...text), `${text}, character by character`).toEqual(value)
      for (let at = 1; at < text.length; at++)
        expect(read(text.slice(0, at), text.slice(at)), `${text}, cut at ${at}`).toEqual(value)
    }
  })

  it.each([
    ['', 'line 1, column 1: found the end of the text, expected a value.'],
    ['[1 2', 'line 1, column 5: found the end of the text, expected a value or ].'],
    ['(1', 'found the end of the text, expected a value or ).'],
    ['[1\n}', 'line 2, column 1: found "}", expected a value or ].'],
    ['{:a}', 'line 1, column 4: found "}", expected the value of the key.'],
    ['{:a 1 :a 2}', 'found the same one twice, expected each key of a map once.'],
    ['#{1 1}', 'found the same one twice, expected each element of a set once.'],
    ['"abc', 'line 1, column 5: found the end of the text, expected a quote that ends the text.'],
    ['"a\\x"', 'found "\\\\x", expected one of \\t'],
    ['"\\u12"', 'found "\\\\u", expected one of \\t'],
    ['12x', 'found "12x", expected a number.'],
    ['007', 'found "007", expected a number.'],
    ['1/0', 'found "1/0", expected a number.'],
    ['1.2.3', 'found "1.2.3", expected a number.'],
    ['-5-', 'found "-5-", expected a number.'],
    [':', 'found ":", expected a keyword.'],
    ['::a', 'found "::a", expected a keyword.'],
    ['[: a]', 'line 1, column 2: found ":", expected a keyword.'],
    ['a@b', 'line 1, column 2: found "@", expected a name.'],
    ['##Infinity', 'found "Infinity", expected NaN, Inf or -Inf after ##.'],
    ['\\nonsense', 'found "\\\\nonsense", expected a character.'],
    ['\\', 'found the end of the text, expected a character after \\.'],
    ['#', 'expected a tag, or a set, after #.'],
    ['#_', 'found the end of the text, expected a form to leave out.'],
    ['#inst', 'found the end of the text, expected the form of the tag.'],
    ['#:a[1]', 'found "[", expected a map.'],
  ])('refuses %j, saying where and what it expected', (text, message) => {
    expect(problemOf(text)).toContain(message)
  })

  it('bounds how deep values nest, however they do', () => {
    const deep = (open: string, close: string): string =>
      `${open.repeat(nestingMax)}1${close.repeat(nestingMax)}`
    expect(() => read(deep('[', ']'))).not.toThrow()
    for (const [open, close] of [
      ['[', ']'],
      ['{1 ', '}'],
      ['#{', '}'],
      ['#a ', ''],
      ['#_', ' 1'],
      ['^', ' 1'],
    ] as const) {
      const text = `${open.repeat(100_000)}1${close.repeat(100_000)}`
      expect(problemOf(text), open).toContain('expected values nested at most 256 deep')
    }
  })

  it('bounds the digits of a number, which would take ever longer to convert', () => {
    expect(read('9'.repeat(1000))).toBe(10n ** 1000n - 1n)
    expect(problemOf('9'.repeat(1_000_000))).toContain('expected a number.')
  })
})
