import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { DureError } from '../../../foundation/errors.ts'
import type { HistoryEvent } from '../../../proof/verify/history/event.ts'
import { dureHeader, dureLine } from '../../../proof/verify/history/format/write-dure.ts'
import { ednHeader, ednLine } from '../../../proof/verify/history/format/write-edn.ts'

/** Written out this often, so that a run that dies leaves its history but for a moment of it. */
const FLUSH_MS = 200
const FLUSH_CHARACTERS = 1 << 16

/** The history of a run as it is made, in two forms: `history.jsonl` for ours, `history.edn` for the tools of others. */
export class HistoryFiles {
  readonly #files: readonly HistoryFile[]
  readonly #flushing: NodeJS.Timeout
  #closed: Promise<void> | undefined

  constructor(directory: string) {
    this.#files = [
      new HistoryFile(join(directory, 'history.jsonl'), dureHeader('dure'), dureLine),
      new HistoryFile(join(directory, 'history.edn'), ednHeader('dure'), ednLine),
    ]
    this.#flushing = setInterval(() => this.#flush(), FLUSH_MS).unref()
  }

  add(event: HistoryEvent): void {
    for (const file of this.#files) file.add(event)
  }

  /** Resolves once all of it is written; asked again it says the same. Errors: `disk`, which may be full. */
  close(): Promise<void> {
    clearInterval(this.#flushing)
    this.#closed ??= Promise.all(this.#files.map((file) => file.close())).then(() => {})
    return this.#closed
  }

  #flush(): void {
    for (const file of this.#files) file.flush()
  }
}

class HistoryFile {
  readonly #line: (event: HistoryEvent) => string
  readonly #stream: WriteStream
  /** Heard from the beginning: an error that nobody hears would end the process. */
  readonly #isWritten: Promise<void>
  #gathered: string

  constructor(path: string, header: string, line: (event: HistoryEvent) => string) {
    this.#line = line
    this.#stream = createWriteStream(path)
    this.#isWritten = finished(this.#stream)
    this.#isWritten.catch(() => {})
    this.#gathered = header
  }

  add(event: HistoryEvent): void {
    this.#gathered += this.#line(event)
    if (this.#gathered.length >= FLUSH_CHARACTERS) this.flush()
  }

  flush(): void {
    if (this.#gathered === '' || this.#stream.destroyed) return
    this.#stream.write(this.#gathered)
    this.#gathered = ''
  }

  async close(): Promise<void> {
    this.flush()
    this.#stream.end()
    try {
      await this.#isWritten
    } catch (cause) {
      const found = (cause as Error).message
      throw new DureError('disk', `the history could not be written: ${found}`, { cause })
    }
  }
}
