import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { grpc } from '../connection/grpc-status.ts'
import type { EtcdOptions } from '../options.ts'
import { MessageWriter } from '../wire/message-writer.ts'

/** As much of an etcd with authentication as it takes to log in, to read one key and to watch it, under orders of a test. */
export class FakeEtcd implements AsyncDisposable {
  readonly #server = createServer()
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #tokens = new Set<string>()
  /** Logins that were begun, for each of which a real one computes a costly hash, given up or not. */
  logins = 0
  /** Watches that were asked for, and how often for their progress. */
  watches = 0
  progressRequests = 0
  reads = 0
  /** Watches begin with a change of the key `a`. Without it they see nothing, and are told nothing of their progress. */
  hasChange = true
  /** It cannot reach the others: reads are refused. */
  isCutOff = false
  /** In which words a watch is refused to a token that was forgotten. */
  watchRefusal = ''
  /** Refuses every watch so. */
  refusesWatches = false
  /** What becomes of the next logins, before those that succeed: after so long, with this status. */
  readonly orders: { readonly afterMs?: number; readonly status?: number; readonly message?: string }[] = []

  static async start(): Promise<FakeEtcd> {
    const fake = new FakeEtcd()
    fake.#server.on('session', (session) => {
      fake.#sessions.add(session)
      session.on('close', () => fake.#sessions.delete(session))
    })
    fake.#server.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      if (headers[':path'] === '/etcdserverpb.Watch/Watch') {
        fake.#watch(stream, String(headers.token))
        return
      }
      stream.resume()
      stream.on('end', () =>
        fake.#answer(stream, String(headers[':path']), headers.token as string | undefined),
      )
    })
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get options(): EtcdOptions {
    const { port } = this.#server.address() as AddressInfo
    return { endpoints: [`127.0.0.1:${port}`], username: 'app', password: 'secret' }
  }

  /** As one that started again, or that did not see a token for five minutes. */
  forgetTokens(): void {
    this.#tokens.clear()
  }

  cut(): void {
    for (const session of this.#sessions) session.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(stream: ServerHttp2Stream, path: string, token: string | undefined): void {
    // A token that is no good is refused on any request: on a login as well.
    if (token !== undefined && !this.#tokens.has(token)) {
      return refuse(stream, grpc.unauthenticated, 'etcdserver: invalid auth token')
    }
    if (path === '/etcdserverpb.Auth/Authenticate') return this.#logIn(stream)
    if (token === undefined) return refuse(stream, grpc.invalidArgument, 'etcdserver: user name is empty')
    if (path !== '/etcdserverpb.KV/Range') return refuse(stream, grpc.unimplemented, `${path} is not there`)
    this.reads++
    if (this.isCutOff) return refuse(stream, grpc.unavailable, 'etcdserver: no leader')
    // RangeResponse { header = 1, kvs = 2 } with KeyValue { key = 1, mod_revision = 3, value = 5 }
    const response = new MessageWriter(0)
      .message(2, (pair) => pair.string(5, 'found').number(3, 1).string(1, 'any'))
      .message(1, (header) => header.number(3, 1).number(1, 7))
    succeed(stream, response)
  }

  /** The stream goes on when it refuses: the refusal is a message. */
  #watch(stream: ServerHttp2Stream, token: string): void {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    stream.once('data', () => {
      this.watches++
      stream.on('data', () => this.progressRequests++)
      // WatchResponse { header = 1, created = 3, canceled = 4, cancel_reason = 6, events = 11 } with Event { kv = 2 }
      const response = new MessageWriter(0)
      if (this.refusesWatches || !this.#tokens.has(token)) response.string(6, this.watchRefusal).number(4, 1)
      else if (this.hasChange)
        response.message(11, (event) => event.message(2, (pair) => pair.number(3, 2).string(1, 'a')))
      const revision = this.hasChange ? 2 : 1
      response.number(3, 1).message(1, (header) => header.number(3, revision).number(1, 7))
      stream.write(response.finish())
    })
  }

  #logIn(stream: ServerHttp2Stream): void {
    const order = this.orders.shift() ?? {}
    const token = `token.${++this.logins}`
    setTimeout(() => {
      if (order.status !== undefined) return refuse(stream, order.status, order.message ?? '')
      this.#tokens.add(token)
      succeed(stream, new MessageWriter(0).string(2, token))
    }, order.afterMs ?? 0)
  }
}

function succeed(stream: ServerHttp2Stream, response: MessageWriter): void {
  if (stream.destroyed) return
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(response.finish())
}

function refuse(stream: ServerHttp2Stream, status: number, message: string): void {
  if (stream.destroyed) return
  const headers = { ':status': 200, 'grpc-status': String(status), 'grpc-message': message }
  stream.respond(headers, { endStream: true })
}
