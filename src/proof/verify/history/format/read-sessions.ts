import type { HistoryEvent, HistoryValue } from '../event.ts'
import { HistoryError } from '../history-error.ts'
import type { LinePlace } from './read-jepsen-log.ts'

/**
 * Told of a history of sessions as it is read, without an object for each operation: a million of them take a moment.
 * Transactions without operations and sessions without transactions are not told of.
 */
export interface SessionsVisitor {
  /** Before the first transaction of each session; they count from 0. */
  session(number: number): void
  /** Before the first operation of each transaction; `event` is the index that its call has among events. */
  transaction(event: number): void
  /** Numbers that a double cannot hold are bigints. */
  read(key: number | bigint, value: number | bigint): void
  write(key: number | bigint, value: number | bigint): void
}

const lineStart = 0
const afterLetter = 1
const beforeKey = 2
const inKey = 3
const beforeValue = 4
const inValue = 5
const afterValue = 6
const inSeparator = 7

const expectations: readonly string[] = [
  'r key value, w key value, ----- or =====',
  'a blank after r or w',
  'the key, a number',
  'a digit of the key, or a blank',
  'the value, a number',
  'a digit of the value, or the end of the line',
  'the end of the line',
  'the end of the line',
]

/** Identifiers have 64 bits, or 128: what is much longer is no number that a tool wrote, and slow to take in. */
const numberMax = 10n ** 38n

const newline = 10
const minus = 45
const equals = 61
const letterR = 114
const letterW = 119

/**
 * Reads sessions of transactions as AWDIT and its peers write them: `r key value` or `w key value` a line, `-----` before
 * the next transaction, `=====` before the next session. Chunks may be cut anywhere.
 *
 * ```ts
 * readSessions(['w 0 1\n=====\nr 0 1\n'], visitor)
 * ```
 */
export function readSessions(chunks: Iterable<string>, visitor: SessionsVisitor): void {
  const parser = new SessionsParser(visitor)
  for (const chunk of chunks) parser.feed(chunk)
  parser.end()
}

/** The same history as events: of each transaction a call and an ok, one transaction after the other. */
export function* readSessionEvents(chunks: Iterable<string>, place: LinePlace): Generator<HistoryEvent> {
  const collector = new EventCollector(() => parser.line)
  const parser = new SessionsParser(collector)
  for (const chunk of chunks) {
    parser.feed(chunk)
    yield* collector.take(place)
  }
  parser.end()
  collector.close()
  yield* collector.take(place)
}

class SessionsParser {
  line = 1
  readonly #visitor: SessionsVisitor
  #state = lineStart
  #column = 0
  #separator = 0
  #isWrite = false
  #key: number | bigint = 0
  #value: number | bigint = 0
  #sessions = 0
  #transactions = 0
  #isSessionOpen = false
  #isTransactionOpen = false

  constructor(visitor: SessionsVisitor) {
    this.#visitor = visitor
  }

  feed(chunk: string): void {
    for (let at = 0; at < chunk.length; at++) this.#feedCode(chunk.charCodeAt(at))
  }

  end(): void {
    if (!this.#isLineComplete()) {
      this.#column++
      throw this.#error('the end of the text')
    }
    if (this.#state === inValue) this.#emit()
  }

  #feedCode(code: number): void {
    this.#column++
    const digit = code - 48
    if (digit >= 0 && digit <= 9) this.#feedDigit(digit, code)
    else if (code > 32) this.#feedLetter(code)
    else this.#feedBlank(code)
  }

  #feedDigit(digit: number, code: number): void {
    switch (this.#state) {
      case inKey:
        this.#key = this.#withDigit(this.#key, digit)
        return
      case inValue:
        this.#value = this.#withDigit(this.#value, digit)
        return
      case beforeKey:
        this.#key = digit
        this.#state = inKey
        return
      case beforeValue:
        this.#value = digit
        this.#state = inValue
        return
      default:
        throw this.#error(JSON.stringify(String.fromCharCode(code)))
    }
  }

  #feedLetter(code: number): void {
    const isStart = this.#state === lineStart
    if (isStart && (code === letterR || code === letterW)) {
      this.#isWrite = code === letterW
      this.#state = afterLetter
      return
    }
    const isSeparator = code === minus || code === equals
    if (!isSeparator || !(isStart || (this.#state === inSeparator && code === this.#separator)))
      throw this.#error(JSON.stringify(String.fromCharCode(code)))
    this.#separator = code
    this.#isTransactionOpen = false
    if (code === equals) this.#isSessionOpen = false
    this.#state = inSeparator
  }

  #feedBlank(code: number): void {
    if (code === newline) {
      if (!this.#isLineComplete()) throw this.#error('the end of the line')
      if (this.#state === inValue) this.#emit()
      this.#state = lineStart
      this.line++
      this.#column = 0
    } else if (this.#state === inValue) {
      this.#emit()
      this.#state = afterValue
    } else if (this.#state === inKey) this.#state = beforeValue
    else if (this.#state === afterLetter) this.#state = beforeKey
  }

  #isLineComplete(): boolean {
    return this.#state === lineStart || this.#state >= inValue
  }

  #emit(): void {
    if (!this.#isSessionOpen) this.#visitor.session(this.#sessions++)
    if (!this.#isTransactionOpen) this.#visitor.transaction(2 * this.#transactions++)
    this.#isSessionOpen = true
    this.#isTransactionOpen = true
    if (this.#isWrite) this.#visitor.write(this.#key, this.#value)
    else this.#visitor.read(this.#key, this.#value)
  }

  #withDigit(number: number | bigint, digit: number): number | bigint {
    // 900719925474099 times ten, and a digit, is the last that is safe.
    if (number < 900_719_925_474_099) return (number as number) * 10 + digit
    if (number >= numberMax) throw this.#error('a number of more than 39 digits')
    return withManyDigits(number, digit)
  }

  #error(found: string): HistoryError {
    return new HistoryError({
      found,
      expected: expectations[this.#state]!,
      advice: 'The text is cut off or malformed there: repair or record it again.',
      line: this.line,
      column: this.#column,
    })
  }
}

function withManyDigits(number: number | bigint, digit: number): number | bigint {
  const exact = BigInt(number) * 10n + BigInt(digit)
  return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact
}

class EventCollector implements SessionsVisitor {
  readonly #line: () => number
  #session = 0
  #call = 0
  #callLine = 0
  #asked: HistoryValue[] = []
  #answered: HistoryValue[] = []
  #events: { readonly event: HistoryEvent; readonly line: number }[] = []

  constructor(line: () => number) {
    this.#line = line
  }

  session(number: number): void {
    this.close()
    this.#session = number
  }

  transaction(event: number): void {
    this.close()
    this.#call = event
    this.#callLine = this.#line()
  }

  read(key: number | bigint, value: number | bigint): void {
    this.#asked.push(['r', key, null])
    this.#answered.push(['r', key, value])
  }

  write(key: number | bigint, value: number | bigint): void {
    const write: HistoryValue = ['w', key, value]
    this.#asked.push(write)
    this.#answered.push(write)
  }

  /** The transaction ends here. */
  close(): void {
    if (this.#answered.length === 0) return
    const process = this.#session
    const index = this.#call
    const line = this.#callLine
    this.#events.push(
      { event: { index, process, type: 'invoke', f: 'txn', value: this.#asked }, line },
      { event: { index: index + 1, process, type: 'ok', f: 'txn', value: this.#answered }, line },
    )
    this.#asked = []
    this.#answered = []
  }

  *take(place: LinePlace): Generator<HistoryEvent> {
    const events = this.#events
    this.#events = []
    for (const { event, line } of events) {
      place.line = line
      yield event
    }
  }
}
