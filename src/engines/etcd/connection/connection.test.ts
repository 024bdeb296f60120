import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Connection } from './connection.ts'
import type { Ended } from './grpc-status.ts'

/** A gRPC server of one method, on a free port, and one call to it. */
async function call(
  answer: (stream: ServerHttp2Stream, body: Buffer, headers: IncomingHttpHeaders) => void,
): Promise<Ended> {
  const server: Http2Server = createServer()
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => answer(stream, Buffer.concat(chunks), headers))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const connection = await Connection.open({ authority, tls: undefined }, 1_000)
  try {
    const message = Buffer.from([0, 0, 0, 0, 1, 42])
    return await new Promise<Ended>((resolve) => {
      connection.call('/a.Service/Method', message, 1_000, 'the token', resolve)
    })
  } finally {
    connection.close()
    server.close()
  }
}

test('a call answers with the message of the response, in however many pieces it comes', async () => {
  const { status, body } = await call((stream, request) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.write(Buffer.from([0, 0, 0, 0, 2]), () => stream.end(Buffer.from([request[5]!, 43])))
  })
  expect({ status, body: [...body] }).toEqual({ status: 0, body: [42, 43] })
})

test('a call carries its deadline and the token, and the reason it is refused for is readable', async () => {
  const { message } = await call((stream, _, headers) => {
    const reason = encodeURIComponent(`${headers['grpc-timeout']} and ${headers.token}`)
    stream.respond({ ':status': 200, 'grpc-status': '3', 'grpc-message': reason }, { endStream: true })
  })
  expect(message).toBe('1000m and the token')
})

test('a status other than 0 comes with its words, in the headers or in the trailers', async () => {
  const inHeaders = await call((stream) => {
    stream.respond({ ':status': 200, 'grpc-status': '14', 'grpc-message': 'no leader' }, { endStream: true })
  })
  expect(inHeaders).toMatchObject({ status: 14, message: 'no leader', neverLeft: false })
  const inTrailers = await call((stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '8', 'grpc-message': 'too many' }))
    stream.end(Buffer.from([0, 0, 0, 0, 0]))
  })
  expect(inTrailers).toMatchObject({ status: 8, message: 'too many' })
})

test('an answer that is cut short, and a connection that ends before it, are unavailable: nobody knows what happened', async () => {
  const cut = await call((stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.from([0, 0, 0, 0, 9, 1]))
  })
  expect(cut).toMatchObject({ status: 14, neverLeft: false })
  const ended = await call((stream) => stream.session?.destroy())
  expect(ended).toMatchObject({ status: 14, neverLeft: false })
})

test('on a connection that is closed nothing leaves', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const connection = await Connection.open({ authority, tls: undefined }, 1_000)
  connection.close()
  const ended = await new Promise<Ended>((resolve) => {
    connection.call('/a.Service/Method', Buffer.alloc(5), 1_000, undefined, resolve)
  })
  expect(ended).toMatchObject({ status: 14, neverLeft: true })
  await new Promise((resolve) => server.close(resolve))
  await expect(Connection.open({ authority, tls: undefined }, 1_000)).rejects.toThrow('ECONNREFUSED')
})

test('a connection that used up its streams takes no more, and those that are open end in peace', async () => {
  const server = createServer()
  const waiting: ServerHttp2Stream[] = []
  server.on('stream', (stream) => {
    waiting.push(stream)
    if (waiting.length < 2) return
    for (const each of waiting) {
      each.respond({ ':status': 200 }, { waitForTrailers: true })
      each.on('wantTrailers', () => each.sendTrailers({ 'grpc-status': '0' }))
      each.end(Buffer.alloc(5))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const connection = await Connection.open({ authority, tls: undefined }, 1_000, 2)
  const call = () =>
    new Promise<Ended>((resolve) => {
      connection.call('/a.Service/Method', Buffer.alloc(5), 1_000, undefined, resolve)
    })
  const calls = [call(), call()]
  expect(connection.isOpen).toBe(false)
  expect(await call()).toMatchObject({ status: 14, neverLeft: true })
  for (const ended of await Promise.all(calls)) expect(ended.status).toBe(0)
  await new Promise((resolve) => server.close(resolve))
})
