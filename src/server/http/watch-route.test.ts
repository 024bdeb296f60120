import { getEventListeners } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { encodeKey } from '../../blocks/keyspace/key-codec.ts'
import { utf8 } from '../../foundation/bytes.ts'
import { ReferenceModel } from '../../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../ports/key-value/reference/reference-store.ts'
import { createLog } from '../log/log.ts'
import type { HttpMetrics } from '../metrics/http-metrics.ts'
import { type RunningServer, type ServerOptions, startServer } from '../start-server.ts'
import type { Served } from './environment.ts'
import { watchRoute } from './watch-route.ts'

let model: ReferenceModel
let store: ReferenceStore
let server: RunningServer
const open: EventReader[] = []

beforeEach(async () => {
  model = new ReferenceModel()
  store = new ReferenceStore(model)
  server = await startServer({
    node: { metrics: () => [] },
    store,
    httpHost: '127.0.0.1',
    httpPort: 0,
    allowFaults: false,
    log: createLog({ write: () => {} }),
  } as unknown as ServerOptions)
})

afterEach(async () => {
  for (const reader of open.splice(0)) reader.leave()
  await server.close({ timeoutMs: 0 })
})

/** The machine may be busy. */
const patient = { timeout: 15_000, interval: 20 }

interface ServerSentEvent {
  readonly id?: string
  readonly event?: string
  readonly data?: string
}

/** Reads events as a browser does: `id` is remembered, also when there is no data. */
class EventReader {
  readonly events: ServerSentEvent[] = []
  lastEventId = ''
  isOver = false
  readonly answer: IncomingMessage

  private constructor(answer: IncomingMessage) {
    this.answer = answer
    let rest = ''
    answer.setEncoding('utf8').on('data', (text: string) => {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) this.#read(block)
    })
    answer.on('error', () => {})
    answer.on('close', () => {
      this.isOver = true
    })
    open.push(this)
  }

  static open(query: string, headers: Record<string, string> = {}): Promise<EventReader> {
    return new Promise((resolve) => {
      const { host, port } = server
      get({ host, port, path: `/v1/watch${query}`, headers }, (answer) => resolve(new EventReader(answer)))
    })
  }

  async next(count: number): Promise<readonly ServerSentEvent[]> {
    await vi.waitFor(() => expect(this.events.length).toBeGreaterThanOrEqual(count), patient)
    return this.events.splice(0, count)
  }

  leave(): void {
    this.answer.destroy()
  }

  #read(block: string): void {
    const fields: { [name: string]: string | undefined; id?: string; data?: string } = {}
    for (const line of block.split('\n')) {
      const [name, ...value] = line.split(': ')
      if (name !== '') fields[name!] = value.join(': ')
    }
    this.lastEventId = fields.id ?? this.lastEventId
    if (fields.data !== undefined) this.events.push(fields as ServerSentEvent)
  }
}

const put = (key: string, value: string | Uint8Array) =>
  store.put(encodeKey('default', key), typeof value === 'string' ? utf8(value) : value)
const dataOf = ({ event, data }: ServerSentEvent) => ({ event, ...JSON.parse(data!) })
const metric = async (name: string): Promise<string | undefined> => {
  const text = await (await fetch(`http://${server.host}:${server.port}/metrics`)).text()
  return new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]
}

test('changes come as events, with the cursor as their id', async () => {
  const reader = await EventReader.open('?prefix=flags/')
  expect(reader.answer.statusCode).toBe(200)
  expect(reader.answer.headers['content-type']).toContain('text/event-stream')
  const { version } = await put('flags/a', '{"on":true}')
  await put('other', 'x')
  await put('flags/b', new Uint8Array([0xff, 0xfe]))
  await store.delete(encodeKey('default', 'flags/a'))
  const events = await reader.next(3)
  expect(events.map(dataOf)).toEqual([
    { event: 'put', key: 'flags/a', value: '{"on":true}', version },
    { event: 'put', key: 'flags/b', value: '//4=', value_encoding: 'base64', version: expect.any(Number) },
    { event: 'delete', key: 'flags/a', version: expect.any(Number) },
  ])
  expect(new Set(events.map(({ id }) => id)).size).toBe(3)
})

test('a keyspace, a range of keys and a single key can be watched', async () => {
  const other = await EventReader.open('?keyspace=others')
  const range = await EventReader.open('?from=b&to=d')
  for (const key of ['a', 'b', 'c', 'd']) await put(key, '1')
  await store.put(encodeKey('others', 'x'), utf8('1'))
  expect((await range.next(2)).map((event) => dataOf(event).key)).toEqual(['b', 'c'])
  expect((await other.next(1)).map((event) => dataOf(event).key)).toEqual(['x'])
})

test('Last-Event-ID goes on after that event, and so does ?cursor=; the header is the newer one', async () => {
  const reader = await EventReader.open('')
  await put('a', '1')
  const [first] = await reader.next(1)
  reader.leave()
  await put('b', '1')
  const resumed = await EventReader.open('', { 'last-event-id': first!.id! })
  const [second] = await resumed.next(1)
  expect(dataOf(second!)).toMatchObject({ key: 'b' })
  await put('c', '1')
  const asked = await EventReader.open(`?cursor=${first!.id}`, { 'last-event-id': second!.id! })
  expect(dataOf((await asked.next(1))[0]!)).toMatchObject({ key: 'c' })
  const query = await EventReader.open(`?cursor=${first!.id}`)
  expect((await query.next(2)).map((event) => dataOf(event).key)).toEqual(['b', 'c'])
})

test('where a watch begins is told at once, so that nothing is missed before the first event', async () => {
  const reader = await EventReader.open('')
  await vi.waitFor(() => expect(reader.lastEventId).not.toBe(''))
  reader.leave()
  await put('a', '1')
  const resumed = await EventReader.open('', { 'last-event-id': reader.lastEventId })
  expect(dataOf((await resumed.next(1))[0]!)).toMatchObject({ key: 'a' })
})

test('a place that is gone is 410 at the beginning', async () => {
  const reader = await EventReader.open('')
  await put('a', '1')
  const [{ id }] = (await reader.next(1)) as [ServerSentEvent]
  await put('b', '1')
  model.compact()
  const late = await fetch(`http://${server.host}:${server.port}/v1/watch?cursor=${id}`)
  expect(late.status).toBe(410)
  expect(await late.json()).toMatchObject({ code: 'compacted', retryable: false })
})

test('when the server stops its watches are told so, and end', async () => {
  const reader = await EventReader.open('')
  await put('a', '1')
  await reader.next(1)
  const beganMs = performance.now()
  await server.close()
  expect(performance.now() - beganMs).toBeLessThan(1_500)
  const [last] = await reader.next(1)
  expect(dataOf(last!)).toMatchObject({ event: 'error', code: 'closed', retryable: true })
  await vi.waitFor(() => expect(reader.isOver).toBe(true))
})

test('a client that goes away leaves nothing behind', async () => {
  const readers = await Promise.all(Array.from({ length: 5 }, () => EventReader.open('')))
  expect(await metric('dure_http_watches')).toBe('5')
  for (const reader of readers) reader.leave()
  await vi.waitFor(async () => expect(await metric('dure_http_watches')).toBe('0'))
})

test('a client that does not read holds back its own watch, which takes no changes ahead of it', {
  timeout: 30_000,
}, async () => {
  let taken = 0
  const watch = vi.spyOn(store, 'watch').mockImplementation((range, options) => {
    const real = ReferenceStore.prototype.watch.call(store, range, options)
    const changes = real[Symbol.asyncIterator]()
    return {
      ready: real.ready,
      cursor: undefined,
      close: () => real.close(),
      [Symbol.asyncDispose]: () => real.close(),
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const next = await changes.next()
          taken++
          return next
        },
      }),
    }
  })
  const reader = await EventReader.open('')
  watch.mockRestore()
  reader.answer.pause()
  for (let i = 0; i < 200; i++) await put('a', 'x'.repeat(200_000))
  let before = -1
  await vi.waitFor(() => {
    const isSettled = taken > 0 && taken === before
    before = taken
    expect(isSettled).toBe(true)
  }, patient)
  expect(taken).toBeLessThan(150)
  reader.answer.resume()
  expect(await reader.next(200)).toHaveLength(200)
})

test('what is malformed is 400, and another method 405', async () => {
  const url = `http://${server.host}:${server.port}/v1/watch`
  for (const query of ['?cursor=nonsense', '?prefix=a&from=b', '?keyspace=UPPER', '?what=1']) {
    const answer = await fetch(url + query)
    expect([query, answer.status, await answer.json()]).toMatchObject([query, 400, { code: 'invalid' }])
  }
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  expect((await fetch(url, { method: 'HEAD' })).headers.get('content-type')).toContain('text/event-stream')
  expect(await metric('dure_http_watches')).toBe('0')
})

test('a watch that is refused leaves nothing behind', async () => {
  const stopping = new AbortController().signal
  const routes = watchRoute({ store, stopping } as unknown as Served, {} as HttpMetrics)
  routes.onError((_, c) => c.text('refused', 400))
  expect((await routes.request('/v1/watch?cursor=nonsense')).status).toBe(400)
  expect(getEventListeners(stopping, 'abort')).toEqual([])
})
