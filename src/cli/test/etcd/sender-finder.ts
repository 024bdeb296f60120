const HEADER = /\r\nx-server-from: *([0-9a-f]+) *\r\n/i
/** Longer than the header with its value. */
const HEADER_BYTES_MAX = 64

/**
 * Finds out which member of etcd opened a connection to another one. All of them dial one address; but every request of
 * Raft's says in a header whose it is. A connection may begin with requests that do not: probes, questions for a version.
 *
 * ```ts
 * const finder = new SenderFinder()
 * finder.look(chunk) // undefined, or '8e9e05c52164694d'
 * ```
 */
export class SenderFinder {
  #found: string | undefined
  #rest = ''

  /** The id as etcd writes it, in hexadecimal; undefined as long as nothing says it. */
  look(chunk: Buffer): string | undefined {
    if (this.#found !== undefined) return this.#found
    const text = this.#rest + chunk.toString('latin1')
    this.#found = HEADER.exec(text)?.[1]
    this.#rest = this.#found === undefined ? text.slice(-HEADER_BYTES_MAX) : ''
    return this.#found
  }
}
