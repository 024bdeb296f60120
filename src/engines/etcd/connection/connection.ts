import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Endpoint } from '../options.ts'
import { PREFIX_BYTES } from '../wire/message-writer.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { type Ended, grpc } from './grpc-status.ts'

/** Large enough never to be what etcd waits for; what is not read by a slow watcher is held back by its stream's. */
const STREAM_WINDOW_BYTES = 1 << 20
const SESSION_WINDOW_BYTES = 16 << 20
const PING_TIMEOUT_MS = 1_000
/** etcd ends connections that are pinged more often than this while nothing else is said. */
const PING_INTERVAL_MS = 5_000
/** HTTP/2 numbers its streams, up to 2^30 of one client: then a connection is at its end. A busy one gets there in a day. */
const STREAMS_MAX = 2 ** 29

const noBytes = new Uint8Array(0)

/** What one call gets told at its end, once. */
export type Done = (ended: Ended) => void

export interface StreamHandlers {
  message(message: Uint8Array): void
  end(ended: Ended): void
}

/** An open gRPC stream: messages both ways until one side ends it. */
export interface OpenStream {
  send(message: Buffer): void
  /** Holds back what arrives, and so, once the window is full, the server. */
  pause(): void
  resume(): void
  /** Nothing more is told to the handlers. */
  close(): void
}

/**
 * gRPC over one HTTP/2 connection to one member of etcd.
 *
 * ```ts
 * const connection = await Connection.open(endpoint, 1_000)
 * connection.call('/etcdserverpb.KV/Range', message, 1_000, undefined, ({ status, body }) => …)
 * ```
 */
export class Connection {
  readonly endpoint: Endpoint
  readonly #session: ClientHttp2Session
  readonly #scheme: string
  #streamsLeft: number
  #streamsOpen = 0
  #isPinging = false
  #echoedMs = Number.NEGATIVE_INFINITY

  private constructor(endpoint: Endpoint, session: ClientHttp2Session, streamsMax: number) {
    this.endpoint = endpoint
    this.#session = session
    this.#streamsLeft = streamsMax
    this.#scheme = endpoint.tls === undefined ? 'http' : 'https'
  }

  /** Rejects with the reason when there is no connection within `timeoutMs`. */
  static open(endpoint: Endpoint, timeoutMs: number, streamsMax = STREAMS_MAX): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const scheme = endpoint.tls === undefined ? 'http' : 'https'
      const session = connect(`${scheme}://${endpoint.authority}`, {
        ...endpoint.tls,
        peerMaxConcurrentStreams: 100_000,
        settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
      })
      const timer = setTimeout(
        () => session.destroy(new Error(`no connection within ${timeoutMs} ms`)),
        timeoutMs,
      )
      session.on('error', reject)
      session.once('close', () => {
        clearTimeout(timer)
        reject(new Error('the connection closed while it was being opened'))
      })
      session.once('connect', () => {
        clearTimeout(timer)
        session.setLocalWindowSize(SESSION_WINDOW_BYTES)
        if ('setNoDelay' in session.socket) session.socket.setNoDelay(true)
        resolve(new Connection(endpoint, session, streamsMax))
      })
      // etcd says so before it stops; calls that are open may still end.
      session.on('goaway', () => session.close())
    })
  }

  get isOpen(): boolean {
    return this.#streamsLeft > 0 && !this.#session.closed && !this.#session.destroyed
  }

  /** Runs once, when the connection is gone. */
  onClose(run: () => void): void {
    this.#session.once('close', run)
  }

  /** One message there and one back. Answers with a function that gives up on it. */
  call(path: string, message: Buffer, timeoutMs: number, token: string | undefined, done: Done): () => void {
    const chunks: Buffer[] = []
    const stream = this.#open(path, timeoutMs, token, {
      data: (chunk) => chunks.push(chunk),
      end: (ended) => {
        if (ended.status !== grpc.ok) return done(ended)
        const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
        if (body.length < PREFIX_BYTES || body.length !== PREFIX_BYTES + body.readUInt32BE(1)) {
          return done({ ...ended, status: grpc.unavailable, message: `${path}: the answer was cut short` })
        }
        done({ ...ended, body: body.subarray(PREFIX_BYTES) })
      },
    })
    if (stream === undefined) return () => {}
    stream.end(message)
    return () => stream.close(constants.NGHTTP2_CANCEL)
  }

  /** Messages both ways. A member that lost its leader ends it. */
  stream(path: string, token: string | undefined, handlers: StreamHandlers): OpenStream {
    const splitter = new FrameSplitter()
    let isClosed = false
    const stream = this.#open(path, undefined, token, {
      data: (chunk) => {
        for (const message of splitter.push(chunk)) if (!isClosed) handlers.message(message)
      },
      end: (ended) => {
        if (isClosed) return
        isClosed = true
        handlers.end(ended)
      },
    })
    return {
      send: (message) => {
        if (!isClosed) stream?.write(message)
      },
      pause: () => stream?.pause(),
      resume: () => stream?.resume(),
      close: () => {
        isClosed = true
        stream?.close(constants.NGHTTP2_CANCEL)
      },
    }
  }

  /** Ends the connection unless the other side answers: one that stands still keeps its connections open. */
  suspect(): void {
    if (this.#isPinging || !this.isOpen || performance.now() < this.#echoedMs + PING_INTERVAL_MS) return
    this.#isPinging = true
    const timer = setTimeout(() => this.close(), PING_TIMEOUT_MS)
    const isSent = this.#session.ping((error) => {
      clearTimeout(timer)
      this.#isPinging = false
      this.#echoedMs = performance.now()
      if (error !== null) this.close()
    })
    if (!isSent) this.close()
  }

  /** Open calls end as `unavailable`. */
  close(): void {
    this.#session.destroy()
  }

  #open(
    path: string,
    timeoutMs: number | undefined,
    token: string | undefined,
    handlers: { data(chunk: Buffer): unknown; end(ended: Ended): void },
  ): ClientHttp2Stream | undefined {
    const where = this.endpoint.authority
    if (!this.isOpen) {
      const message = `${where}: the connection was closed`
      queueMicrotask(() =>
        handlers.end({ status: grpc.unavailable, message, body: noBytes, neverLeft: true }),
      )
      return undefined
    }
    let status: number | undefined
    let message = ''
    let isEnded = false
    const end = (otherwise: string): void => {
      if (isEnded) return
      isEnded = true
      handlers.end(
        status === undefined
          ? { status: grpc.unavailable, message: `${where}: ${otherwise}`, body: noBytes, neverLeft: false }
          : { status, message, body: noBytes, neverLeft: false },
      )
    }
    const readStatus = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] === undefined) return
      status = Number(headers['grpc-status'])
      message = decodeMessage(String(headers['grpc-message'] ?? 'no message'))
    }
    const headers: Record<string, string> = {
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_SCHEME]: this.#scheme,
      [constants.HTTP2_HEADER_AUTHORITY]: where,
      [constants.HTTP2_HEADER_PATH]: path,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
    }
    if (timeoutMs === undefined) headers.hasleader = 'true'
    else headers['grpc-timeout'] = `${Math.max(1, Math.ceil(timeoutMs))}m`
    if (token !== undefined) headers.token = token
    const stream = this.#session.request(headers, { endStream: false })
    this.#streamsLeft--
    this.#streamsOpen++
    stream.on('data', handlers.data)
    // A call that fails at once carries its status in the headers; all others in the trailers.
    stream.on('response', readStatus)
    stream.on('trailers', readStatus)
    stream.on('error', (error) => end(error.message))
    stream.on('end', () => end('the stream ended without a status'))
    stream.on('close', () => {
      end('the connection closed before the answer')
      // What was open on a connection that is used up has ended in peace.
      if (--this.#streamsOpen === 0 && this.#streamsLeft === 0) this.#session.close()
    })
    return stream
  }
}

/** gRPC percent-encodes what is not printable ASCII. */
function decodeMessage(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}
