import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { text, utf8 } from '../../../foundation/bytes.ts'
import type { Cursor } from '../../../ports/key-value/cursor.ts'
import { etcd } from '../etcd.ts'
import { MessageWriter } from '../wire/message-writer.ts'
import { grpc } from './grpc-status.ts'

/** As much of an etcd with authentication as it takes to log in, to read one key and to watch it, under orders of a test. */
class FakeEtcd implements AsyncDisposable {
  readonly #server = createServer()
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #tokens = new Set<string>()
  /** Logins that were begun, for each of which a real one computes a costly hash, given up or not. */
  logins = 0
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
        stream.once('data', () => fake.#watch(stream, String(headers.token)))
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

  get endpoint(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
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
    // RangeResponse { header = 1, kvs = 2 } with KeyValue { key = 1, mod_revision = 3, value = 5 }
    const response = new MessageWriter(0)
      .message(2, (pair) => pair.string(5, 'found').number(3, 1).string(1, 'any'))
      .message(1, (header) => header.number(3, 1).number(1, 7))
    succeed(stream, response)
  }

  /** The stream goes on when it refuses: the refusal is a message. */
  #watch(stream: ServerHttp2Stream, token: string): void {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    const isRefused = this.refusesWatches || !this.#tokens.has(token)
    // WatchResponse { header = 1, created = 3, canceled = 4, cancel_reason = 6, events = 11 } with Event { kv = 2 }
    const response = new MessageWriter(0)
    if (isRefused) response.string(6, this.watchRefusal).number(4, 1)
    else response.message(11, (event) => event.message(2, (pair) => pair.number(3, 2).string(1, 'a')))
    response.number(3, 1).message(1, (header) => header.number(3, 2).number(1, 7))
    stream.write(response.finish())
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

const openStore = ({ endpoint }: FakeEtcd) =>
  etcd({ endpoints: [endpoint], username: 'app', password: 'secret' }).open()

const key = utf8('a')

/** Many at once, all of which need the same login. */
async function readMany(store: Awaited<ReturnType<typeof openStore>>): Promise<void> {
  const reads = Array.from({ length: 50 }, () => store.get(key, { timeoutMs: 20_000 }))
  for (const { value } of await Promise.all(reads)) expect(text(value!)).toBe('found')
}

test('a token that was forgotten while the connection was lost is not shown when logging in anew', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  await readMany(store)
  fake.forgetTokens()
  fake.cut()
  await readMany(store)
  expect(fake.logins).toBe(2)
})

test('a token that was forgotten while the connection lasts is replaced by one login for all', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  await readMany(store)
  fake.forgetTokens()
  await readMany(store)
  expect(fake.logins).toBe(2)
})

test('a login that takes longer than the first attempt waits is given more time, and begun no more than twice', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  fake.orders.push(...Array.from({ length: 100 }, () => ({ afterMs: 2_500 })))
  await readMany(store)
  expect(fake.logins).toBe(2)
  // The same on a connection that lasts.
  fake.forgetTokens()
  await readMany(store)
  expect(fake.logins).toBeLessThanOrEqual(4)
}, 30_000)

test('a login that a member could not carry out is repeated; the credentials are not blamed', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  await readMany(store)
  fake.forgetTokens()
  const timedOut = { status: grpc.unavailable, message: 'etcdserver: request timed out' }
  fake.orders.push(timedOut, timedOut, timedOut, timedOut, timedOut)
  await readMany(store)
  expect(fake.logins).toBe(7)
})

test('a login that is refused is refused for good', async () => {
  await using fake = await FakeEtcd.start()
  await using store = await openStore(fake)
  await readMany(store)
  fake.forgetTokens()
  const message = 'etcdserver: authentication failed, invalid user ID or password'
  fake.orders.push({ status: grpc.invalidArgument, message })
  await expect(store.get(key)).rejects.toMatchObject({ code: 'invalid', outcome: 'failed' })
  expect(fake.logins).toBe(2)
})

describe('a watch begins with a token that was forgotten', () => {
  const everything = { from: new Uint8Array(0) }

  async function watchOnce(store: Awaited<ReturnType<typeof openStore>>, from: Cursor): Promise<void> {
    for await (const change of store.watch(everything, { from })) {
      expect(change).toMatchObject({ kind: 'put', key })
      return
    }
  }

  /** One watch has asked what there is to ask on this connection: nothing stands between the next one and its refusal. */
  async function prepare(fake: FakeEtcd, refusal: string) {
    const store = await openStore(fake)
    const from = await store.cursor()
    await watchOnce(store, from)
    fake.watchRefusal = refusal
    fake.forgetTokens()
    return { store, from, [Symbol.asyncDispose]: () => store.close() }
  }

  const forgotten = 'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token'
  const denied = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied'

  test.each([
    forgotten,
    'rpc error: code = InvalidArgument desc = etcdserver: revision of auth store is old',
    'rpc error: code = InvalidArgument desc = etcdserver: user name is empty',
    denied,
  ])('and goes on after one login: "%s"', async (refusal) => {
    await using fake = await FakeEtcd.start()
    await using prepared = await prepare(fake, refusal)
    await watchOnce(prepared.store, prepared.from)
    expect(fake.logins).toBe(2)
  })

  test('and ends where that is not why it was refused', async () => {
    await using fake = await FakeEtcd.start()
    await using prepared = await prepare(fake, denied)
    fake.refusesWatches = true
    await expect(watchOnce(prepared.store, prepared.from)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('"etcdserver: permission denied": give the role'),
    })
    expect(fake.logins).toBe(2)
  })

  test('and ends where new ones are forgotten as fast, or no login is to be had', async () => {
    await using fake = await FakeEtcd.start()
    await using prepared = await prepare(fake, forgotten)
    fake.refusesWatches = true
    await expect(watchOnce(prepared.store, prepared.from)).rejects.toMatchObject({ code: 'invalid' })
    expect(fake.logins).toBe(4)
    const message = 'etcdserver: authentication failed, invalid user ID or password'
    fake.orders.push({ status: grpc.invalidArgument, message })
    await expect(watchOnce(prepared.store, prepared.from)).rejects.toMatchObject({ code: 'invalid' })
    expect(fake.logins).toBe(5)
  })
})
