import type { Writable } from 'node:stream'

/** How often a terminal is redrawn, and how often a log gets a line. */
const REDRAW_INTERVAL_MS = 100
const LINE_INTERVAL_MS = 5_000

/** A line that says how far something is: redrawn in place on a terminal, one line now and then elsewhere. */
export class Progress {
  readonly #stream: Writable & { readonly isTTY?: boolean }
  readonly #nowMs: () => number
  #shownAtMs = Number.NEGATIVE_INFINITY
  #isDrawn = false

  constructor(
    stream: Writable & { readonly isTTY?: boolean },
    nowMs: () => number = () => performance.now(),
  ) {
    this.#stream = stream
    this.#nowMs = nowMs
  }

  /** Shows the line unless it was shown a moment ago. */
  update(line: () => string): void {
    const nowMs = this.#nowMs()
    if (nowMs - this.#shownAtMs < (this.#stream.isTTY ? REDRAW_INTERVAL_MS : LINE_INTERVAL_MS)) return
    // Without a terminal the first line would say only that nothing happened yet.
    if (!this.#stream.isTTY && this.#shownAtMs === Number.NEGATIVE_INFINITY) {
      this.#shownAtMs = nowMs
      return
    }
    this.#shownAtMs = nowMs
    this.#stream.write(this.#stream.isTTY ? `\r${line()}\u001b[K` : `${line()}\n`)
    this.#isDrawn = this.#stream.isTTY === true
  }

  /** Replaces the line by the last word on it. */
  finish(line: string): void {
    this.#stream.write(this.#isDrawn ? `\r${line}\u001b[K\n` : `${line}\n`)
    this.#isDrawn = false
  }

  /** Ends the line where it is, before something else is said. */
  abandon(): void {
    if (this.#isDrawn) this.#stream.write('\n')
    this.#isDrawn = false
  }
}
