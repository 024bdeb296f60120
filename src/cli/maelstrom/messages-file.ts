import { createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Message } from '../../proof/maelstrom/protocol/message.ts'

/** Beyond so many events, only their numbers are kept. */
const EVENTS_MAX = 200_000

/** Who sent what to whom, and when it was received: a line for each. */
export class MessagesFile {
  readonly #stream: WriteStream
  readonly #startedMs = performance.now()
  #events = 0
  #isClosed = false

  constructor(path: string) {
    this.#stream = createWriteStream(path)
  }

  add(event: 'sent' | 'received', id: number, { src, dest, body }: Message): void {
    // What is on its way when a test ends is of nobody's interest.
    if (this.#isClosed || this.#events++ >= EVENTS_MAX) return
    const timeMs = Math.round((performance.now() - this.#startedMs) * 1_000) / 1_000
    // A message is told once in full; what is received is known by its id.
    const told = event === 'sent' ? { timeMs, event, id, src, dest, body } : { timeMs, event, id }
    this.#stream.write(`${JSON.stringify(told)}\n`)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#stream.end()
    await finished(this.#stream)
  }
}
