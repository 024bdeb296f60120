import { type FilePlace, HistoryError } from '../history-error.ts'

/**
 * A window on a text that comes in chunks: what readers of EDN and JSON look through. It holds the text since `pin` was
 * last called, so that every place in what is being read can still be named, and nothing before.
 *
 * Readers look at `text` from `at` on by themselves, for speed; where `text` ends they call `refill`, which moves both.
 */
export class TextSource {
  text = ''
  at = 0
  readonly #chunks: Iterator<string>
  #isEnded = false
  #pinned = 0
  #line = 1
  /** Where in `text` the pinned line begins: negative once that is gone. */
  #lineStart = 0
  /** The first newline from `#pinned` on; the length of `text` when there is none yet. */
  #newline = 0

  constructor(chunks: Iterable<string>) {
    this.#chunks = chunks[Symbol.iterator]()
  }

  /** Lets go of everything before `at`. */
  pin(): void {
    while (this.#newline < this.at) {
      this.#line++
      this.#lineStart = this.#newline + 1
      this.#newline = this.#newlineFrom(this.#lineStart)
    }
    this.#pinned = this.at
  }

  /** The line of the pinned place. */
  get line(): number {
    return this.#line
  }

  /** False at the end. Reads at least as much as is held, so that one long form costs no more than many short ones. */
  refill(): boolean {
    if (this.#isEnded) return false
    const kept = this.text.slice(this.#pinned)
    const parts = [kept]
    let added = 0
    while (added === 0 || added < kept.length) {
      const next = this.#chunks.next()
      if (next.done) {
        this.#isEnded = true
        break
      }
      parts.push(next.value)
      added += next.value.length
    }
    const newlineBefore = this.#newline - this.#pinned
    this.text = parts.join('')
    this.at -= this.#pinned
    this.#lineStart -= this.#pinned
    this.#pinned = 0
    this.#newline = newlineBefore < kept.length ? newlineBefore : this.#newlineFrom(kept.length)
    return added > 0
  }

  /** The character at `at`; -1 at the end. */
  peek(): number {
    if (this.at < this.text.length || this.refill()) return this.text.charCodeAt(this.at)
    return -1
  }

  /** At least so much text from `at` on, unless it ends before. */
  ensure(length: number): void {
    while (this.text.length - this.at < length && this.refill());
  }

  /** Lets go of where the chunks come from, a file perhaps, though there may be more. */
  close(): void {
    this.#isEnded = true
    this.#chunks.return?.()
  }

  /** What is left, for readers that go by lines. */
  *rest(): Generator<string> {
    if (this.at < this.text.length) yield this.text.slice(this.at)
    this.text = ''
    this.at = 0
    if (!this.#isEnded) yield* { [Symbol.iterator]: () => this.#chunks }
  }

  /** Where a place in `text` since the last pin is. */
  placeOf(at: number): FilePlace {
    let line = this.#line
    let lineStart = this.#lineStart
    for (let newline = this.#newline; newline < at; newline = this.#newlineFrom(lineStart)) {
      line++
      lineStart = newline + 1
    }
    return { line, column: at - lineStart + 1 }
  }

  /** What stands at a place, for a person to read. */
  describe(at = this.at): string {
    if (at >= this.text.length) return 'the end of the text'
    const character = this.text.codePointAt(at)!
    if (character === 10 || character === 13) return 'the end of the line'
    const word = /^[^\s,()[\]{}"]{1,30}/u.exec(this.text.slice(at, at + 30))
    return JSON.stringify(word?.[0] ?? String.fromCodePoint(character))
  }

  error(expected: string, advice: string, found = this.describe(), at = this.at): HistoryError {
    return new HistoryError({ found, expected, advice, ...this.placeOf(at) })
  }

  #newlineFrom(at: number): number {
    const newline = this.text.indexOf('\n', at)
    return newline === -1 ? this.text.length : newline
  }
}
