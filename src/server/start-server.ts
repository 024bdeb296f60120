import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createAdaptorServer } from '@hono/node-server'
import { DureError } from '../foundation/errors.ts'
import type { KeyValueStore } from '../ports/key-value/key-value-store.ts'
import type { FaultControl } from './faults/fault-control.ts'
import { createApplication } from './http/application.ts'
import type { ServedLeases, ServedMembers, ServedNode } from './http/environment.ts'
import type { Log } from './log/log.ts'

export interface ServerOptions {
  readonly node: ServedNode
  readonly store: KeyValueStore
  readonly leases: ServedLeases
  readonly members: ServedMembers
  readonly httpHost: string
  /** 0 for any. */
  readonly httpPort: number
  /** Names by which clients may ask for this node, besides IP addresses, `localhost` and `httpHost`. */
  readonly httpHostNames?: readonly string[]
  /** Whether `/v1/faults` answers. Never on a cluster that matters. */
  readonly allowFaults: boolean
  readonly faults: FaultControl
  readonly log: Log
}

export interface RunningServer {
  readonly host: string
  readonly port: number
  /** Takes no new connections, lets requests in progress end for `timeoutMs` (2,000), then hangs up. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>
}

/** Connections at once: beyond them Node hangs up at once instead of running out of files. */
const CONNECTIONS_MAX = 4_096

/**
 * Serves a node over HTTP.
 *
 * ```ts
 * const server = await startServer({ node, store, leases, members, httpHost: '127.0.0.1', httpPort: 8080, allowFaults: false, faults, log })
 * await server.close()
 * ```
 *
 * Errors: `unavailable` when the port is in use or not ours to take.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { httpHost, httpPort, httpHostNames = [], allowFaults, faults } = options
  const stopping = new AbortController()
  const application = createApplication({
    ...options,
    faults: allowFaults ? faults : undefined,
    hostNames: [httpHost, ...httpHostNames].map((name) => name.toLowerCase()),
    stopping: stopping.signal,
  })
  const server = createAdaptorServer({
    fetch: application.fetch,
    serverOptions: {
      // A client that sends slowly holds a connection for so long and no longer.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 10_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16 << 10,
    },
  }) as Server
  server.maxConnections = CONNECTIONS_MAX
  // A client that does not read its answer.
  server.setTimeout(60_000)
  server.on('clientError', answerMalformed)
  await listen(server, httpHost, httpPort)
  return {
    host: httpHost,
    port: (server.address() as AddressInfo).port,
    close: ({ timeoutMs = 2_000 } = {}) => {
      const message = 'this node is stopping: go on at another node'
      stopping.abort(new DureError('closed', message, { retryable: true }))
      return close(server, timeoutMs)
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const problem =
        cause.code === 'EADDRINUSE'
          ? 'is in use: end the program that holds it'
          : `cannot be taken (${cause.message})`
      const advice = `HTTP port ${port} on ${host} ${problem}, or choose another with --http (--base-port moves a whole local cluster)`
      reject(new DureError('unavailable', advice, { cause }))
    })
    server.listen(port, host, () => resolve())
  })
}

function close(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), timeoutMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** What is not HTTP gets an answer in HTTP, and the connection ends. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const [status, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'the headers are larger than 16 KiB']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'the request took too long to arrive']
        : ['400 Bad Request', 'this is not a request in HTTP/1.1']
  const body = JSON.stringify({ code: 'invalid', outcome: 'failed', message, retryable: false })
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close`
  socket.end(`${head}\r\n\r\n${body}`)
}
