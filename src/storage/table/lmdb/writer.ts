import { Worker } from 'node:worker_threads'
import { assert } from '../../../foundation/assert.ts'
import { tableError } from './environment.ts'
import type { PackedRows } from './overlay/packed-rows.ts'
import type { WriterRequest, WriterResponse, WriterStart } from './writer-protocol.ts'

/** The main thread's end of the writer thread. */
export class Writer {
  readonly #worker: Worker
  readonly #directory: string
  readonly #abort: (reason: Error) => void
  readonly #waiting = new Map<number, (removed: number) => void>()
  #nextId = 1
  #isClosing = false
  #failed = false
  #onClosed: (() => void) | undefined

  constructor(start: WriterStart, abort: (reason: Error) => void) {
    this.#directory = start.directory
    this.#abort = abort
    // Run from the sources, or from what they were compiled to.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    // Flags of the program it runs in are none of its business: with --input-type or --eval it could not start.
    const settings = { workerData: start, execArgv: [] }
    this.#worker = new Worker(new URL(`./writer-thread.${extension}`, import.meta.url), settings)
    this.#worker.on('message', (response: WriterResponse) => this.#answered(response))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', () => {
      if (this.#onClosed !== undefined) this.#onClosed()
      else this.#fail(new Error('the thread that writes ended'))
    })
  }

  /**
   * One transaction. Rows are stored under `prefix` and their key; until it is done, their memory may be read and not
   * changed.
   */
  commit(
    prefix: Uint8Array,
    rows: readonly PackedRows[],
    metaKey: Uint8Array,
    meta: Uint8Array,
    done: () => void,
  ): void {
    const id = this.#expect(done)
    this.#worker.postMessage({ type: 'commit', id, prefix, rows, metaKey, meta } satisfies WriterRequest)
  }

  removeRange(from: Uint8Array, to: Uint8Array, rowsMax: number, done: (removed: number) => void): void {
    const id = this.#expect(done)
    this.#worker.postMessage({ type: 'remove-range', id, from, to, rowsMax } satisfies WriterRequest)
  }

  close(done: () => void): void {
    assert(!this.#isClosing, 'the writer is closed once')
    this.#isClosing = true
    this.#onClosed = done
    this.#worker.postMessage({ type: 'close' } satisfies WriterRequest)
  }

  #expect(done: (removed: number) => void): number {
    const id = this.#nextId++
    this.#waiting.set(id, done)
    return id
  }

  #answered({ id, removed, error }: WriterResponse): void {
    const done = this.#waiting.get(id)!
    this.#waiting.delete(id)
    if (error !== undefined) return this.#fail(error)
    if (!this.#failed) done(removed)
  }

  /** Final: after a failed commit or sync nobody knows what the disk holds. */
  #fail(cause: { readonly message: string; readonly code?: unknown }): void {
    if (this.#failed) return
    this.#failed = true
    this.#abort(tableError(this.#directory, cause))
  }
}
