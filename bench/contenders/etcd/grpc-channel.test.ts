import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { GrpcChannel } from './grpc-channel.ts'

/** A gRPC server of one method, on a free port. */
async function serve(answer: (stream: ServerHttp2Stream, body: Buffer) => void): Promise<Http2Server> {
  const server = createServer()
  server.on('stream', (stream) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => answer(stream, Buffer.concat(chunks)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const addressOf = (server: Http2Server): string => `127.0.0.1:${(server.address() as AddressInfo).port}`

async function call(answer: (stream: ServerHttp2Stream, body: Buffer) => void): Promise<Uint8Array> {
  const server = await serve(answer)
  const channel = new GrpcChannel(addressOf(server), 2)
  try {
    return await channel.call('/a.Service/Method', Buffer.from([0, 0, 0, 0, 1, 42]))
  } finally {
    channel.close()
    server.close()
  }
}

test('a call answers with the message of the response, in however many pieces it comes', async () => {
  const answer = await call((stream, body) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.write(Buffer.from([0, 0, 0, 0, 2]), () => stream.end(Buffer.from([body[5]!, 43])))
  })
  expect([...answer]).toEqual([42, 43])
})

test('a status other than 0 is an error with its message, in the headers', async () => {
  const answered = call((stream) => {
    stream.respond({ ':status': 200, 'grpc-status': '14', 'grpc-message': 'no leader' }, { endStream: true })
  })
  await expect(answered).rejects.toThrow('/a.Service/Method ended with gRPC status 14: no leader')
})

test('a status other than 0 is an error with its message, in the trailers', async () => {
  const answered = call((stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '8', 'grpc-message': 'too many' }))
    stream.end(Buffer.from([0, 0, 0, 0, 0]))
  })
  await expect(answered).rejects.toThrow('gRPC status 8: too many')
})

test('a connection that ends before the answer is an error', async () => {
  await expect(call((stream) => stream.session?.destroy())).rejects.toThrow()
})

test('nobody listening is an error', async () => {
  const server = await serve(() => {})
  const address = addressOf(server)
  await new Promise((resolve) => server.close(resolve))
  const channel = new GrpcChannel(address, 1)
  await expect(channel.call('/a.Service/Method', Buffer.alloc(5))).rejects.toThrow('ECONNREFUSED')
  channel.close()
})
