import { DureError } from '../../foundation/errors.ts'

/** One record of a file, and where it stood, for messages. */
export interface FileRecord {
  readonly record: Readonly<Record<string, unknown>>
  /** From 1. */
  readonly number: number
}

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE, LINE_FEED] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d, 0x0a,
]

/** A record that grows beyond this is no record: a quote or a brace is missing. */
const RECORD_BYTES_MAX = 16 << 20

/**
 * The records of a JSON array, or of JSON lines, one after the other, without holding the whole file: a scanner finds where each
 * begins and ends, `JSON.parse` reads it. `source` names the input in messages.
 *
 * Errors: `invalid`, with the number of the record.
 */
export async function* readRecords(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<FileRecord> {
  const scanner = new Scanner(source)
  for await (const chunk of chunks) yield* scanner.push(chunk)
  scanner.end()
}

/** Where the scanner stands between records. */
type Place = 'before' | 'in-list' | 'after-record' | 'after-list' | 'in-lines'

class Scanner {
  readonly #source: string
  #place: Place = 'before'
  /** Bytes of a record that began in an earlier chunk. */
  #held: Uint8Array[] = []
  #heldBytes = 0
  #isInRecord = false
  #depth = 0
  #isInText = false
  #isEscaped = false
  #number = 0

  constructor(source: string) {
    this.#source = source
  }

  *push(chunk: Uint8Array): Generator<FileRecord> {
    let begin = 0
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!
      if (this.#isInRecord) {
        if (!this.#endsRecord(byte)) continue
        yield this.#record(chunk.subarray(begin, i + 1))
        continue
      }
      if (byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === LINE_FEED) continue
      if (this.#beginsRecord(byte)) begin = i
    }
    if (!this.#isInRecord) return
    this.#heldBytes += chunk.length - begin
    if (this.#heldBytes > RECORD_BYTES_MAX)
      this.#refuse(`record ${this.#number + 1} does not end within ${RECORD_BYTES_MAX} bytes`)
    this.#held.push(chunk.slice(begin))
  }

  end(): void {
    if (this.#isInRecord) this.#refuse(`it ends in the middle of record ${this.#number + 1}`)
    if (this.#place === 'in-list' || this.#place === 'after-record')
      this.#refuse(`the list does not end after record ${this.#number}`)
  }

  /** Takes a byte between records; true when a record begins with it. */
  #beginsRecord(byte: number): boolean {
    const isOpen = byte === OPEN
    switch (this.#place) {
      case 'before':
        // A byte order mark, as some editors write it.
        if (byte === 0xef || byte === 0xbb || byte === 0xbf) return false
        if (byte === OPEN_LIST) {
          this.#place = 'in-list'
          return false
        }
        if (isOpen) {
          this.#place = 'in-lines'
          return this.#begin()
        }
        break
      case 'in-lines':
        if (isOpen) return this.#begin()
        break
      case 'in-list':
        if (isOpen) return this.#begin()
        if (byte === CLOSE_LIST && this.#number === 0) {
          this.#place = 'after-list'
          return false
        }
        break
      case 'after-record':
        if (byte === COMMA || byte === CLOSE_LIST) {
          this.#place = byte === COMMA ? 'in-list' : 'after-list'
          return false
        }
        break
      case 'after-list':
        break
    }
    return this.#refuse(
      `${JSON.stringify(String.fromCharCode(byte))} stands ${this.#number === 0 ? 'at its beginning' : `after record ${this.#number}`}`,
    )
  }

  #begin(): true {
    this.#isInRecord = true
    this.#depth = 1
    return true
  }

  /** Takes a byte of a record; true when it is the last. */
  #endsRecord(byte: number): boolean {
    if (this.#isInText) {
      if (this.#isEscaped) this.#isEscaped = false
      else if (byte === BACKSLASH) this.#isEscaped = true
      else if (byte === QUOTE) this.#isInText = false
      return false
    }
    if (byte === QUOTE) this.#isInText = true
    else if (byte === OPEN || byte === OPEN_LIST) this.#depth++
    else if (byte === CLOSE || byte === CLOSE_LIST) return --this.#depth === 0
    return false
  }

  #record(last: Uint8Array): FileRecord {
    const bytes = this.#held.length === 0 ? last : Buffer.concat([...this.#held, last])
    this.#held = []
    this.#heldBytes = 0
    this.#isInRecord = false
    if (this.#place === 'in-list') this.#place = 'after-record'
    const number = ++this.#number
    try {
      return { record: JSON.parse(decoder.decode(bytes)), number }
    } catch (error) {
      return this.#refuse(`record ${number} is not JSON (${(error as Error).message})`)
    }
  }

  #refuse(found: string): never {
    throw new DureError(
      'invalid',
      `${this.#source} is not understood: ${found}. It must be a JSON list of objects, or one object per line.`,
    )
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true })
