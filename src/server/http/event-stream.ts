import type { Change, Watch } from '../../ports/key-value/watch.ts'
import { problemOf } from './problem.ts'

export interface EventStreamParts {
  readonly event: (change: Change) => string
  /** Comes once, at the end. */
  readonly over: () => void
  /** What is told of the error that the watch ended with. */
  readonly reason: (error: unknown) => unknown
}

/** Long before anybody on the way takes silence for the end. */
const ALIVE_INTERVAL_MS = 15_000
/** Changes that are there already leave together. */
const CHUNK_CHARACTERS_MAX = 64 << 10
/** A browser waits so long before it asks again. */
const RETRY_MS = 1_000

const encoder = new TextEncoder()

/**
 * A watch as the body of an answer, in the format of server-sent events (HTML standard, section 9.2). Takes a change only when
 * the reader has room for it: a slow one holds its own watch back and nothing else.
 */
export class EventStream {
  readonly readable: ReadableStream<Uint8Array>
  readonly #watch: Watch
  readonly #parts: EventStreamParts
  readonly #changes: AsyncIterator<Change>
  #next: Promise<IteratorResult<Change, unknown>> | undefined
  #isOver = false

  constructor(watch: Watch, parts: EventStreamParts) {
    this.#watch = watch
    this.#parts = parts
    this.#changes = watch[Symbol.asyncIterator]()
    this.readable = new ReadableStream({
      start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n${this.#place()}\n`)),
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#end(),
    })
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const text = await this.#take()
      if (text !== undefined) return controller.enqueue(encoder.encode(text))
    } catch (error) {
      const { problem } = problemOf(this.#parts.reason(error))
      controller.enqueue(encoder.encode(`event: error\ndata: ${JSON.stringify(problem)}\n\n`))
    }
    this.#end()
    controller.close()
  }

  /** Changes, or a sign of life; undefined at the end. */
  async #take(): Promise<string | undefined> {
    const first = await this.#nextOrAlive()
    if (first === undefined) return `: alive\n${this.#place()}\n`
    if (first.done) return undefined
    let text = this.#parts.event(first.value)
    while (text.length < CHUNK_CHARACTERS_MAX) {
      const more = await this.#nextIfThere()
      if (more === undefined || more.done) break
      text += this.#parts.event(more.value)
    }
    return text
  }

  /** Undefined when nothing came for a while; then the same one is still awaited. */
  async #nextOrAlive(): Promise<IteratorResult<Change, unknown> | undefined> {
    this.#next ??= this.#changes.next()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(resolve, ALIVE_INTERVAL_MS, undefined)
    try {
      const next = await Promise.race([this.#next, promise])
      if (next !== undefined) this.#next = undefined
      return next
    } catch (error) {
      this.#next = undefined
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async #nextIfThere(): Promise<IteratorResult<Change, unknown> | undefined> {
    const next = this.#changes.next()
    let isThere = false
    const settled = (): void => {
      isThere = true
    }
    next.then(settled, settled)
    await undefined
    if (!isThere) {
      this.#next = next
      return undefined
    }
    try {
      return await next
    } catch {
      // Told in the next chunk.
      this.#next = next
      return undefined
    }
  }

  /** Where to go on from: no event of its own, but the client remembers it. */
  #place(): string {
    return this.#watch.cursor === undefined ? '' : `id: ${this.#watch.cursor}\n`
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    void this.#watch.close()
    this.#parts.over()
  }
}
