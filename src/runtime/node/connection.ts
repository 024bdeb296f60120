import type { Socket } from 'node:net'
import { DureError } from '../../foundation/errors.ts'
import type { FrameDecoder, Framing } from './framing.ts'

/** Smaller payloads are copied beside each other; larger ones travel as they are. */
const COPY_BYTES_MAX = 4096
const CHUNK_BYTES = 16_384

export interface ConnectionEvents {
  onPayload(connection: Connection, payload: Uint8Array): void
  /** Once, however it ended. `error` is set when the stream made no sense or the connection broke. */
  onClosed(connection: Connection, error: Error | undefined): void
}

/**
 * Frames over one socket. All that is sent before control returns to Node leaves in one write: small frames share a
 * chunk, large payloads are passed on without a copy.
 */
export class Connection {
  readonly socket: Socket
  readonly #framing: Framing
  readonly #decoder: FrameDecoder
  readonly #events: ConnectionEvents
  readonly #queueBytesMax: number
  #closed = false
  #error: Error | undefined

  #pieces: Uint8Array[] = []
  #pieceBytes = 0
  #chunk: Buffer | undefined
  #chunkStart = 0
  #chunkEnd = 0
  #flushScheduled = false
  readonly #flush = (): void => this.#writeOut()
  readonly #take = (payload: Uint8Array): boolean => {
    this.#events.onPayload(this, payload)
    return !this.#closed
  }

  constructor(socket: Socket, framing: Framing, queueBytesMax: number, events: ConnectionEvents) {
    this.socket = socket
    this.#framing = framing
    this.#decoder = framing.decoder()
    this.#events = events
    this.#queueBytesMax = queueBytesMax
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 5_000)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('close', () => this.#end())
    // The other side will send no more: nothing is left to say to it either.
    socket.on('end', () => socket.destroy())
  }

  /** Bytes accepted that the operating system has not taken yet. */
  get queuedBytes(): number {
    return this.#pieceBytes + this.socket.writableLength
  }

  get isClosed(): boolean {
    return this.#closed
  }

  acceptMessages(): void {
    this.#decoder.acceptMessages()
  }

  /** False when too much is waiting. An empty queue takes any payload within the frame's limit. */
  send(payload: Uint8Array): boolean {
    if (this.#closed) return true
    const queued = this.queuedBytes
    if (queued > 0 && queued + payload.length > this.#queueBytesMax) return false
    this.#append(payload)
    if (!this.#flushScheduled) {
      this.#flushScheduled = true
      process.nextTick(this.#flush)
    }
    return true
  }

  /** Sends what was accepted, then closes. */
  end(): void {
    if (this.#closed) return
    this.#writeOut()
    this.socket.end()
    this.#closing()
  }

  /** Closes at once. */
  destroy(error?: Error): void {
    this.#error ??= error
    this.socket.destroy()
    this.#end()
  }

  #append(payload: Uint8Array): void {
    const header = this.#framing.headerBytes
    const copied = payload.length <= COPY_BYTES_MAX
    const room = copied ? header + payload.length : header
    let chunk = this.#chunk
    if (chunk === undefined || this.#chunkEnd + room > chunk.length) {
      this.#closePiece()
      chunk = this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
      this.#chunkStart = this.#chunkEnd = 0
    }
    this.#framing.writeHeader(chunk, this.#chunkEnd, payload)
    if (copied) chunk.set(payload, this.#chunkEnd + header)
    this.#chunkEnd += room
    this.#pieceBytes += header + payload.length
    if (copied) return
    this.#closePiece()
    this.#pieces.push(payload)
  }

  #closePiece(): void {
    if (this.#chunk === undefined || this.#chunkStart === this.#chunkEnd) return
    this.#pieces.push(this.#chunk.subarray(this.#chunkStart, this.#chunkEnd))
    this.#chunkStart = this.#chunkEnd
  }

  #writeOut(): void {
    this.#flushScheduled = false
    this.#closePiece()
    const pieces = this.#pieces
    this.#pieces = []
    this.#pieceBytes = 0
    if (this.#closed || pieces.length === 0) return
    if (pieces.length === 1) {
      this.socket.write(pieces[0]!)
      return
    }
    this.socket.cork()
    for (const piece of pieces) this.socket.write(piece)
    this.socket.uncork()
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return
    const error = this.#decoder.push(chunk, this.#take)
    if (error !== undefined) this.destroy(error)
  }

  #closing(): void {
    // A peer that never closes its side must not keep the socket.
    const socket = this.socket
    setTimeout(() => socket.destroy(), 1_000).unref()
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pieces = []
    this.#chunk = undefined
    this.#events.onClosed(this, this.#error)
  }
}

/** What a person should hear of a connection that broke; a peer that merely went away is no news. */
export function problemOf(error: Error | undefined): DureError | undefined {
  return error instanceof DureError ? error : undefined
}
