import { HistoryError } from '../../history/history-error.ts'
import type { IsolationHistory } from './isolation-history.ts'
import { IsolationHistoryBuilder } from './isolation-history-builder.ts'

const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const TAB = 9
const DASH = 45
const EQUALS = 61
const ZERO = 48
const NINE = 57
/** Up to here a decimal fits a 32-bit integer by its digits alone. */
const DIGITS_MAX = 9

/**
 * Reads AWDIT's text, `r key value` and `w key value` a line with `-----` between transactions and `=====` between
 * sessions, straight into an `IsolationHistory`: no event, no string is made for an operation on numbers.
 *
 * ```ts
 * const reader = new IsolationTextReader()
 * for (const chunk of chunks) reader.push(chunk)
 * const history = reader.end()
 * ```
 *
 * Chunks may end anywhere. A read of 0 that nobody wrote is of the initial state, as in AWDIT's other formats. The
 * transactions are named by their place in the text, from 0.
 */
export class IsolationTextReader {
  readonly #builder = new IsolationHistoryBuilder({ initialValue: 0 })
  readonly #decoder = new TextDecoder()
  #rest: Uint8Array = new Uint8Array(0)
  #line = 0
  #transactions = 0
  #sessions = 0
  #opensSession = true
  #opensTransaction = true

  push(chunk: Uint8Array): this {
    let bytes = chunk
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length)
      bytes.set(this.#rest)
      bytes.set(chunk, this.#rest.length)
    }
    let start = 0
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start)
      if (end === -1) break
      this.#readLine(bytes, start, end)
      start = end + 1
    }
    this.#rest = bytes.slice(start)
    return this
  }

  end(): IsolationHistory {
    if (this.#rest.length > 0) this.#readLine(this.#rest, 0, this.#rest.length)
    return this.#builder.build()
  }

  #readLine(bytes: Uint8Array, start: number, end: number): void {
    this.#line++
    let at = start
    while (at < end && isBlank(bytes[at]!)) at++
    while (end > at && isBlank(bytes[end - 1]!)) end--
    if (at === end) return
    const first = bytes[at]!
    if (first === DASH || first === EQUALS) {
      for (let i = at; i < end; i++) {
        if (bytes[i] !== first) throw this.#error(bytes, start, at, end, OPERATION)
      }
      this.#opensTransaction = true
      if (first === EQUALS) this.#opensSession = true
      return
    }
    const isWrite = first === 119 || first === 87
    if (!isWrite && first !== 114 && first !== 82) throw this.#error(bytes, start, at, end, OPERATION)
    const keyStart = blanksEnd(bytes, at + 1, end)
    if (keyStart === at + 1 || keyStart === end) throw this.#error(bytes, start, at, end, OPERATION)
    const keyEnd = wordEnd(bytes, keyStart, end)
    const valueStart = blanksEnd(bytes, keyEnd, end)
    if (valueStart === end) throw this.#error(bytes, start, end, end, 'a value')
    const valueEnd = wordEnd(bytes, valueStart, end)
    if (valueEnd !== end) {
      throw this.#error(bytes, start, blanksEnd(bytes, valueEnd, end), end, 'the end of the line')
    }
    this.#open()
    const key = this.#word(bytes, keyStart, keyEnd)
    const value = this.#word(bytes, valueStart, valueEnd)
    if (isWrite) this.#builder.write(key, value)
    else this.#builder.read(key, value)
  }

  #open(): void {
    if (this.#opensSession) this.#builder.session(this.#sessions++)
    if (this.#opensTransaction) this.#builder.transaction(this.#transactions++)
    this.#opensSession = false
    this.#opensTransaction = false
  }

  #word(bytes: Uint8Array, start: number, end: number): number | string {
    if (end - start <= DIGITS_MAX && (bytes[start] !== ZERO || end - start === 1)) {
      let number = 0
      let at = start
      for (; at < end; at++) {
        const byte = bytes[at]!
        if (byte < ZERO || byte > NINE) break
        number = number * 10 + byte - ZERO
      }
      if (at === end) return number
    }
    const word = this.#decoder.decode(bytes.subarray(start, end))
    const number = Number(word)
    return Number.isSafeInteger(number) && String(number) === word ? number : word
  }

  #error(bytes: Uint8Array, lineStart: number, at: number, end: number, expected: string): HistoryError {
    const found = this.#decoder.decode(bytes.subarray(at, Math.min(end, at + 40)))
    return new HistoryError({
      line: this.#line,
      column: this.#decoder.decode(bytes.subarray(lineStart, at)).length + 1,
      found: found === '' ? 'the end of the line' : JSON.stringify(found),
      expected,
      advice:
        'Lines are "r key value", "w key value", "-----" between transactions, "=====" between sessions.',
    })
  }
}

const OPERATION = '"r key value", "w key value", "-----" or "====="'

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === RETURN
}

function blanksEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && isBlank(bytes[at]!)) at++
  return at
}

function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && !isBlank(bytes[at]!)) at++
  return at
}
