import type { HistoryValue } from '../event.ts'
import type { HistoryError } from '../history-error.ts'
import { InternedWords } from '../text/interned.ts'
import { nestingMax } from '../text/nesting.ts'
import { OpenLists } from '../text/open-lists.ts'
import { plainInteger } from '../text/plain-integer.ts'
import type { TextSource } from '../text/text-source.ts'
import { characterOf, escapeOf } from './characters.ts'
import { digitsMax, numberOf } from './numbers.ts'

const end = -1
const quote = 34
const hash = 35
const plus = 43
const minus = 45
const zero = 48
const nine = 57
const colon = 58
const semicolon = 59
const openList = 40
const closeList = 41
const openVector = 91
const backslash = 92
const closeVector = 93
const caret = 94
const underscore = 95
const openMap = 123
const closeMap = 125

/** 1 for what ends a word; 2 for what may not stand in one. */
const wordClass = new Uint8Array(128)
for (let code = 0; code <= 32; code++) wordClass[code] = 1
for (const character of ',;"()[]{}\\') wordClass[character.charCodeAt(0)] = 1
for (const character of '@~^`') wordClass[character.charCodeAt(0)] = 2

const cutOff = 'The text is cut off or malformed there: repair or record it again.'

/**
 * Reads EDN (github.com/edn-format/edn), form by form. Keywords and symbols become strings, lists arrays, and a tagged
 * form the form itself: `#jepsen.history.Op{…}` is its map, `#inst "…"` its text. A ratio becomes the nearest double.
 */
export class EdnReader {
  readonly #source: TextSource
  readonly #words = new InternedWords()
  readonly #open = new OpenLists()
  #depth = 0
  #wasKeyword = false

  constructor(source: TextSource) {
    this.#source = source
  }

  /** The first character of the next form, or what closes the collection; -1 at the end. Skips what says nothing. */
  next(): number {
    for (;;) {
      const code = this.#skipBlanks()
      if (code === hash) {
        this.#source.ensure(2)
        if (this.#source.text.charCodeAt(this.#source.at + 1) !== underscore) return code
        this.#source.at += 2
        this.#enter()
        this.read('a form to leave out')
        this.#depth--
      } else if (code === caret) {
        this.#source.at++
        this.#enter()
        this.read('the metadata of a form')
        this.#depth--
      } else return code
    }
  }

  read(expected = 'a value'): HistoryValue {
    return this.#form(this.next(), expected)
  }

  /** The form whose first character is known already. */
  #form(code: number, expected: string): HistoryValue {
    const source = this.#source
    this.#wasKeyword = false
    if ((code >= zero && code <= nine) || code === minus) return this.#number()
    switch (code) {
      case colon:
        return this.#keyword()
      case openVector:
        source.at++
        return this.#list(closeVector)
      case openMap:
        source.at++
        return this.#map(undefined)
      case quote:
        source.at++
        return this.#string()
      case openList:
        source.at++
        return this.#list(closeList)
      case hash:
        source.at++
        return this.#dispatch()
      case backslash:
        return this.#character()
      case end:
      case closeList:
      case closeVector:
      case closeMap:
        throw source.error(expected, cutOff)
      default:
        return this.#symbol(expected)
    }
  }

  /** Skips the tags before a collection, as in `#jepsen.history.Op{…}`; answers with what follows them. */
  skipTags(): number {
    for (;;) {
      const code = this.next()
      if (code !== hash) return code
      this.#source.ensure(2)
      const after = this.#source.text.charCodeAt(this.#source.at + 1)
      if (after === openMap || after === colon) return code
      this.#source.at++
      this.#word('the name of a tag')
    }
  }

  #skipBlanks(): number {
    const source = this.#source
    for (;;) {
      const { text } = source
      let { at } = source
      let code = end
      while (at < text.length) {
        code = text.charCodeAt(at)
        if (code > 32 && code !== 44) break
        at++
      }
      source.at = at
      if (at < text.length) {
        if (code !== semicolon) return code
        this.#skipComment()
      } else if (!source.refill()) return end
    }
  }

  #skipComment(): void {
    const source = this.#source
    for (;;) {
      const newline = source.text.indexOf('\n', source.at)
      source.at = newline === -1 ? source.text.length : newline + 1
      if (newline !== -1 || !source.refill()) return
    }
  }

  #enter(): void {
    if (++this.#depth > nestingMax)
      throw this.#source.error(
        `values nested at most ${nestingMax} deep`,
        'No tool records such values: the file is damaged.',
      )
  }

  #list(close: number): HistoryValue[] {
    this.#enter()
    const expected = close === closeVector ? 'a value or ]' : 'a value or )'
    const from = this.#open.mark()
    for (let code = this.next(); code !== close; code = this.next())
      this.#open.push(this.#form(code, expected))
    const values = this.#open.take(from)
    this.#source.at++
    this.#depth--
    return values
  }

  #set(): ReadonlySet<HistoryValue> {
    this.#enter()
    const values = new Set<HistoryValue>()
    let size = 0
    for (let code = this.next(); code !== closeMap; code = this.next()) {
      values.add(this.#form(code, 'a value or }'))
      if (values.size === size++) throw this.#twice('each element of a set')
    }
    this.#source.at++
    this.#depth--
    return values
  }

  #map(namespace: string | undefined): ReadonlyMap<HistoryValue, HistoryValue> {
    this.#enter()
    const entries = new Map<HistoryValue, HistoryValue>()
    let size = 0
    for (let code = this.next(); code !== closeMap; code = this.next()) {
      let key = this.#form(code, 'a key or }')
      if (namespace !== undefined && this.#wasKeyword) key = inNamespace(namespace, key as string)
      entries.set(key, this.read('the value of the key'))
      if (entries.size === size++) throw this.#twice('each key of a map')
    }
    this.#source.at++
    this.#depth--
    return entries
  }

  #twice(what: string): HistoryError {
    return this.#source.error(
      `${what} once`,
      'Remove one of the two before this place. Keywords, symbols and texts of the same name are the same here.',
      'the same one twice',
    )
  }

  #dispatch(): HistoryValue {
    const source = this.#source
    const code = source.peek()
    switch (code) {
      case openMap:
        source.at++
        return this.#set()
      case hash:
        source.at++
        return this.#symbolicNumber()
      case quote: // a regular expression as Clojure prints it
        source.at++
        return this.#regularExpression()
      case colon: {
        source.at++
        const namespace = this.#word('a namespace')
        if (this.next() !== openMap) throw source.error('a map', cutOff)
        source.at++
        return this.#map(namespace)
      }
      default: {
        this.#word('a tag, or a set, after #')
        this.#enter()
        const value = this.read('the form of the tag')
        this.#depth--
        return value
      }
    }
  }

  #symbolicNumber(): number {
    const word = this.#word('NaN, Inf or -Inf')
    if (word === 'NaN') return Number.NaN
    if (word === 'Inf') return Number.POSITIVE_INFINITY
    if (word === '-Inf') return Number.NEGATIVE_INFINITY
    throw this.#source.error('NaN, Inf or -Inf after ##', cutOff, JSON.stringify(word))
  }

  #number(): HistoryValue {
    const value = plainInteger(this.#source, wordClass)
    // Of integers, EDN has no -0.
    return value === undefined ? this.#symbol('a value') : value + 0
  }

  #keyword(): string {
    const source = this.#source
    source.at++
    const length = this.#wordEnd(source.at) - source.at
    if (length === 0 || source.text.charCodeAt(source.at) === colon) {
      source.at--
      throw source.error('a keyword', 'A keyword is a colon and a name: :read.')
    }
    const word = this.#words.slice(source.text, source.at, source.at + length)
    source.at += length
    this.#wasKeyword = true
    return word
  }

  /** A symbol, or a number that is more than a few digits. */
  #symbol(expected: string): HistoryValue {
    const source = this.#source
    const length = this.#wordEnd(source.at) - source.at
    const first = source.text.charCodeAt(source.at)
    const isNumber =
      isDigit(first) ||
      ((first === minus || first === plus) && isDigit(source.text.charCodeAt(source.at + 1)))
    if (isNumber) return this.#wholeNumber(length)
    const word = this.#word(expected)
    if (word === 'nil') return null
    if (word === 'true') return true
    if (word === 'false') return false
    return word
  }

  #wholeNumber(length: number): number | bigint {
    const source = this.#source
    const number = numberOf(source.text.slice(source.at, source.at + length))
    if (number === undefined)
      throw source.error(
        'a number',
        `Known are integers, doubles, ratios and the suffixes N and M, of at most ${digitsMax} digits.`,
      )
    source.at += length
    return number
  }

  #word(expected: string): string {
    const source = this.#source
    const length = this.#wordEnd(source.at) - source.at
    if (length === 0) throw source.error(expected, cutOff)
    const word = this.#words.slice(source.text, source.at, source.at + length)
    source.at += length
    return word
  }

  /** A text, after its first quote. */
  #string(): string {
    const source = this.#source
    let before = ''
    for (;;) {
      const { text, at: start } = source
      let at = start
      let code = 0
      while (at < text.length) {
        code = text.charCodeAt(at)
        if (code === quote || code === backslash) break
        at++
      }
      source.at = at
      const part = text.slice(start, at)
      if (at === text.length) {
        before += part
        if (!source.refill()) throw source.error('a quote that ends the text', cutOff)
      } else if (code === quote) {
        source.at++
        return before === '' ? part : before + part
      } else before += part + this.#escape()
    }
  }

  #escape(): string {
    const source = this.#source
    source.ensure(6)
    const found = escapeOf(source.text, source.at)
    if (found === undefined)
      throw source.error(
        'one of \\t \\r \\n \\b \\f \\" \\\\ \\uXXXX',
        'A backslash in a text is written twice.',
        JSON.stringify(source.text.slice(source.at, source.at + 2)),
      )
    source.at += found.length
    return found.character
  }

  /** Its text as it stands, after the first quote. */
  #regularExpression(): string {
    const source = this.#source
    let text = ''
    for (let code = source.peek(); code !== quote; code = source.peek()) {
      source.ensure(2)
      const length = code === backslash ? 2 : 1
      if (source.text.length - source.at < length)
        throw source.error('a quote that ends the expression', cutOff)
      text += source.text.slice(source.at, source.at + length)
      source.at += length
    }
    source.at++
    return text
  }

  #character(): string {
    const source = this.#source
    source.at++
    source.ensure(2)
    const first = source.text.codePointAt(source.at)
    if (first === undefined) throw source.error('a character after \\', cutOff)
    const length = first > 0xffff ? 2 : 1
    const isWord = first > 32 && first < 128 && wordClass[first] === 0
    const whole = isWord ? this.#wordEnd(source.at) - source.at : length
    const name = source.text.slice(source.at, source.at + whole)
    const character = characterOf(name)
    if (character === undefined)
      throw source.error(
        'a character',
        'Names are newline, space, tab, return, formfeed, backspace, uXXXX.',
        JSON.stringify(`\\${name}`),
      )
    source.at += whole
    return character
  }

  /** Where the word that goes on at `from` ends, in the text as it is then: `source.at` stays before it. */
  #wordEnd(from: number): number {
    const source = this.#source
    let offset = from - source.at
    for (;;) {
      const { text, at } = source
      let place = at + offset
      while (place < text.length) {
        const code = text.charCodeAt(place)
        if (code < 128) {
          const kind = wordClass[code]!
          if (kind === 1) return place
          if (kind === 2)
            throw source.error('a name', cutOff, JSON.stringify(String.fromCharCode(code)), place)
        }
        place++
      }
      offset = place - at
      if (!source.refill()) return source.at + offset
    }
  }
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine
}

/** `#:account{:id 1}` is `{:account/id 1}`, and `:_/id` in it stays `:id`. */
function inNamespace(namespace: string, key: string): string {
  if (key.startsWith('_/')) return key.slice(2)
  return key.includes('/') ? key : `${namespace}/${key}`
}
