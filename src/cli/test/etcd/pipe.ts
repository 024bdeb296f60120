import type { Socket } from 'node:net'

/** What is said on one way between two sockets, right now. */
export interface Way {
  isCut(): boolean
  /** Of what is sent now. */
  delayMs(): number
}

/** More than this waits in the sender. */
const WAITING_BYTES_MAX = 8 << 20

interface Waiting {
  readonly dueMs: number
  readonly deliver: () => void
  readonly sizeBytes: number
}

/**
 * Carries what one socket receives to another one, in order: late on a way with a delay, and not before the end of a cut.
 * The end of a connection travels as bytes do.
 */
export class Pipe {
  readonly #source: Socket
  readonly #target: Socket
  readonly #way: Way
  readonly #waiting: Waiting[] = []
  #waitingBytes = 0
  #lastDueMs = 0
  #timer: NodeJS.Timeout | undefined
  #hasEnded = false

  constructor(source: Socket, target: Socket, way: Way) {
    this.#source = source
    this.#target = target
    this.#way = way
    source.on('end', () => {
      this.#hasEnded = true
      this.#add(0, () => target.end())
    })
    // Without an end before it, it was reset.
    source.on('close', () => {
      if (!this.#hasEnded) this.#add(0, () => target.resetAndDestroy())
    })
  }

  push(chunk: Buffer): void {
    this.#add(chunk.length, () => void this.#target.write(chunk))
    if (this.#waitingBytes > WAITING_BYTES_MAX) this.#source.pause()
  }

  /** After a cut began or ended. */
  changed(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#way.isCut()) return
    const nowMs = performance.now()
    while (this.#waiting.length > 0 && this.#waiting[0]!.dueMs <= nowMs) {
      const { deliver, sizeBytes } = this.#waiting.shift()!
      this.#waitingBytes -= sizeBytes
      deliver()
    }
    if (this.#source.isPaused() && this.#waitingBytes <= WAITING_BYTES_MAX) this.#source.resume()
    const next = this.#waiting[0]
    if (next !== undefined) this.#timer = setTimeout(() => this.changed(), next.dueMs - nowMs + 1)
  }

  /** Nothing more is delivered. */
  close(): void {
    clearTimeout(this.#timer)
    this.#waiting.length = 0
  }

  #add(sizeBytes: number, deliver: () => void): void {
    const nowMs = performance.now()
    const dueMs = Math.max(this.#lastDueMs, nowMs + this.#way.delayMs())
    if (this.#waiting.length === 0 && dueMs <= nowMs && !this.#way.isCut()) return deliver()
    this.#lastDueMs = dueMs
    this.#waitingBytes += sizeBytes
    this.#waiting.push({ dueMs, deliver, sizeBytes })
    if (this.#timer === undefined) this.changed()
  }
}
