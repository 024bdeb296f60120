import { escapeOf } from '../edn/characters.ts'
import { digitsMax, integerOf } from '../edn/numbers.ts'
import type { HistoryValue } from '../event.ts'
import type { HistoryError } from '../history-error.ts'
import { InternedWords } from '../text/interned.ts'
import { nestingMax } from '../text/nesting.ts'
import { OpenLists } from '../text/open-lists.ts'
import { plainInteger } from '../text/plain-integer.ts'
import type { TextSource } from '../text/text-source.ts'

const end = -1
const quote = 34
const comma = 44
const minus = 45
const zero = 48
const nine = 57
const colon = 58
const openArray = 91
const backslash = 92
const closeArray = 93
const openObject = 123
const closeObject = 125

/** 1 for what ends a number. */
const endsNumber = new Uint8Array(128).fill(1, 0, 33)
for (const code of [comma, closeArray, closeObject]) endsNumber[code] = 1

const number = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/
const cutOff = 'The text is cut off or malformed there: repair or record it again.'

/** Reads JSON, value by value: objects become Maps, integers that a double cannot hold bigints. */
export class JsonReader {
  readonly #source: TextSource
  readonly #words = new InternedWords()
  readonly #open = new OpenLists()
  #depth = 0

  constructor(source: TextSource) {
    this.#source = source
  }

  /** The first character that is not blank; -1 at the end. */
  next(): number {
    const source = this.#source
    for (;;) {
      const { text } = source
      let { at } = source
      while (at < text.length && text.charCodeAt(at) <= 32) at++
      source.at = at
      if (at < text.length) return text.charCodeAt(at)
      if (!source.refill()) return end
    }
  }

  read(expected = 'a value'): HistoryValue {
    const source = this.#source
    const code = this.next()
    if ((code >= zero && code <= nine) || code === minus) return this.#number()
    switch (code) {
      case quote:
        return this.#string()
      case openArray:
        return this.#array()
      case openObject:
        return this.#object()
      default:
        if (this.#skipWord('null')) return null
        if (this.#skipWord('true')) return true
        if (this.#skipWord('false')) return false
        throw source.error(expected, cutOff)
    }
  }

  /** After the opening bracket of an object: the next key, its colon read too; undefined after the closing bracket. */
  nextKey(isFirst: boolean): string | undefined {
    if (!this.nextPart(closeObject, isFirst, ', or }')) return undefined
    const source = this.#source
    if (this.next() !== quote) throw source.error('a key in quotes', cutOff)
    const key = this.#string()
    if (this.next() !== colon) throw source.error('a colon after the key', cutOff)
    source.at++
    return key
  }

  /** Whether another part of a collection follows; reads the comma before it, or what closes the collection. */
  nextPart(close: number, isFirst: boolean, expected: string): boolean {
    const source = this.#source
    const code = this.next()
    if (code === close) {
      source.at++
      return false
    }
    if (isFirst) return true
    if (code !== comma) throw source.error(expected, cutOff)
    source.at++
    return true
  }

  #array(): HistoryValue[] {
    this.#source.at++
    this.#enter()
    const from = this.#open.mark()
    for (let isFirst = true; this.nextPart(closeArray, isFirst, ', or ]'); isFirst = false)
      this.#open.push(this.read())
    const values = this.#open.take(from)
    this.#depth--
    return values
  }

  #object(): ReadonlyMap<HistoryValue, HistoryValue> {
    this.#source.at++
    this.#enter()
    const entries = new Map<HistoryValue, HistoryValue>()
    for (;;) {
      const { size } = entries
      const key = this.nextKey(size === 0)
      if (key === undefined) break
      entries.set(key, this.read('the value of the key'))
      if (entries.size === size) throw this.#twice(key)
    }
    this.#depth--
    return entries
  }

  #enter(): void {
    if (++this.#depth > nestingMax)
      throw this.#source.error(
        `values nested at most ${nestingMax} deep`,
        'No tool records such values: the file is damaged.',
      )
  }

  #twice(key: string): HistoryError {
    return this.#source.error(
      'each key of an object once',
      'Remove one of the two before this place: which one counts cannot be told.',
      `the key ${JSON.stringify(key)} twice`,
    )
  }

  #skipWord(word: string): boolean {
    const source = this.#source
    source.ensure(word.length)
    if (!source.text.startsWith(word, source.at)) return false
    source.at += word.length
    return true
  }

  #number(): HistoryValue {
    return plainInteger(this.#source, endsNumber) ?? this.#wholeNumber()
  }

  #wholeNumber(): number | bigint {
    const source = this.#source
    let length = 0
    for (;;) {
      source.ensure(length + 1)
      const code = source.text.charCodeAt(source.at + length)
      if (Number.isNaN(code) || endsNumber[code] === 1) break
      length++
    }
    const word = source.text.slice(source.at, source.at + length)
    const parts = number.exec(word)
    if (parts === null || length > digitsMax)
      throw source.error(
        'a number',
        `Numbers are written as JSON has them, with at most ${digitsMax} digits.`,
      )
    source.at += length
    return parts[1] === undefined && parts[2] === undefined && word !== '-0' ? integerOf(word) : Number(word)
  }

  #string(): string {
    const source = this.#source
    source.at++
    let before = ''
    for (;;) {
      const { text, at: start } = source
      let at = start
      let code = 0
      while (at < text.length) {
        code = text.charCodeAt(at)
        if (code === quote || code === backslash || code < 32) break
        at++
      }
      source.at = at
      if (at < text.length && code === quote && before === '') {
        source.at++
        return at - start <= 12 ? this.#words.slice(text, start, at) : text.slice(start, at)
      }
      before += text.slice(start, at)
      if (at === text.length) {
        if (!source.refill()) throw source.error('a quote that ends the text', cutOff)
      } else if (code === quote) {
        source.at++
        return before
      } else if (code === backslash) before += this.#escape()
      else
        throw source.error(
          'a quote that ends the text',
          'Line ends and tabs in a text are written \\n and \\t.',
        )
    }
  }

  #escape(): string {
    const source = this.#source
    source.ensure(6)
    const found = escapeOf(source.text, source.at)
    if (found === undefined)
      throw source.error(
        'one of \\t \\r \\n \\b \\f \\" \\\\ \\/ \\uXXXX',
        'A backslash in a text is written twice.',
        JSON.stringify(source.text.slice(source.at, source.at + 2)),
      )
    source.at += found.length
    return found.character
  }
}
