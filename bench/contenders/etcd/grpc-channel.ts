import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { FrameSplitter } from '../../../src/engines/etcd/connection/frame-splitter.ts'

export interface GrpcStream {
  /** With the prefix of a gRPC message. */
  send(message: Buffer): void
}

/** Responses are small; the windows only have to be large enough never to be what etcd waits for. */
const STREAM_WINDOW_BYTES = 1 << 20
const SESSION_WINDOW_BYTES = 16 << 20

/**
 * gRPC calls over HTTP/2 connections to one server, taken in turn.
 *
 * ```ts
 * const channel = new GrpcChannel('127.0.0.1:2379', 2)
 * const response = await channel.call('/etcdserverpb.KV/Put', encodePut(key, value))
 * ```
 */
export class GrpcChannel {
  readonly #sessions: readonly ClientHttp2Session[]
  readonly #authority: string
  readonly #headers = new Map<string, readonly string[]>()
  #next = 0

  constructor(address: string, connections: number) {
    this.#authority = address
    this.#sessions = Array.from({ length: connections }, () => openSession(address))
  }

  /** Sends one message and answers with the one that comes back; rejects unless the call ended with status 0. */
  call(path: string, message: Buffer): Promise<Uint8Array> {
    const session = this.#sessions[this.#next]!
    this.#next = (this.#next + 1) % this.#sessions.length
    return new Promise((resolve, reject) => {
      const stream = session.request(this.#headersOf(path), { endStream: false })
      let body: Buffer | undefined
      let status: string | undefined
      let reason: string | undefined
      stream.on('data', (chunk: Buffer) => {
        body = body === undefined ? chunk : Buffer.concat([body, chunk])
      })
      // A call that fails at once carries its status in the headers; all others in the trailers.
      stream.on('response', (headers) => {
        if (headers['grpc-status'] !== undefined) status = String(headers['grpc-status'])
        if (headers['grpc-message'] !== undefined) reason = String(headers['grpc-message'])
      })
      stream.on('trailers', (headers) => {
        status = String(headers['grpc-status'])
        if (headers['grpc-message'] !== undefined) reason = String(headers['grpc-message'])
      })
      stream.on('error', reject)
      let isAnswered = false
      stream.on('end', () => {
        isAnswered = true
        if (status === '0' && body !== undefined && body.length >= 5) resolve(body.subarray(5))
        else
          reject(new Error(`${path} ended with gRPC status ${status ?? 'none'}: ${reason ?? 'no message'}`))
      })
      stream.on('close', () => {
        if (!isAnswered) reject(new Error(`${path}: the connection closed before the answer`))
      })
      stream.end(message)
    })
  }

  /** A call with messages both ways. `ended` comes once, whoever ends it. */
  open(path: string, received: (message: Uint8Array) => void, ended: (reason: Error) => void): GrpcStream {
    const session = this.#sessions[this.#next]!
    this.#next = (this.#next + 1) % this.#sessions.length
    const stream = session.request(this.#headersOf(path), { endStream: false })
    const splitter = new FrameSplitter()
    let problem = new Error(`${path}: the stream ended`)
    stream.on('data', (chunk: Buffer) => {
      for (const message of splitter.push(chunk)) received(message)
    })
    stream.on('error', (error: Error) => (problem = error))
    stream.on('close', () => ended(problem))
    return { send: (message) => void stream.write(message) }
  }

  close(): void {
    for (const session of this.#sessions) session.destroy()
  }

  /** As a flat list of names and values, which Node passes on without looking at each. */
  #headersOf(path: string): readonly string[] {
    let headers = this.#headers.get(path)
    if (headers === undefined) {
      headers = [
        ...[constants.HTTP2_HEADER_METHOD, 'POST'],
        ...[constants.HTTP2_HEADER_SCHEME, 'http'],
        ...[constants.HTTP2_HEADER_AUTHORITY, this.#authority],
        ...[constants.HTTP2_HEADER_PATH, path],
        ...[constants.HTTP2_HEADER_CONTENT_TYPE, 'application/grpc'],
        ...[constants.HTTP2_HEADER_TE, 'trailers'],
      ]
      this.#headers.set(path, headers)
    }
    return headers
  }
}

function openSession(address: string): ClientHttp2Session {
  const session = connect(`http://${address}`, {
    peerMaxConcurrentStreams: 100_000,
    settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
  })
  session.once('connect', () => {
    session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    if ('setNoDelay' in session.socket) session.socket.setNoDelay(true)
  })
  // Each call reports its own end; without a listener the session's error would end the process.
  session.on('error', () => {})
  return session
}
