import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Greeting, Hello } from '../../src/runtime/node/framing.ts'
import { HEADER_BYTES, PAYLOAD_BYTES_MAX, writeHeader } from '../../src/wire/frame/frame.ts'
import { StreamFrameDecoder } from '../../src/wire/frame/frame-decoder.ts'
import { decodeGreeting, encodeGreeting } from '../../src/wire/frame/greeting.ts'

/** A payload with its length and checksum before it. */
export function frame(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length)
  writeHeader(bytes, 0, payload)
  bytes.set(payload, HEADER_BYTES)
  return bytes
}

export const hello = (clusterId: string, nodeId = 0): Uint8Array => {
  const found: Hello = { kind: 'hello', versionMin: 2, versionMax: 2, clusterId, nodeId, expectedNodeId: 0 }
  return frame(encodeGreeting(found))
}

export interface RawAnswer {
  readonly greeting: Greeting | undefined
  /** Payloads behind the greeting. */
  readonly payloads: readonly Uint8Array[]
}

/**
 * Sends bytes as they are and resolves with what came back: once the other side has hung up, or, with
 * `until: 'answered'`, once it has said something after its greeting.
 */
export async function sendRaw(
  address: string,
  bytes: Uint8Array,
  until: 'closed' | 'answered' = 'closed',
): Promise<RawAnswer> {
  const socket = open(address)
  const payloads: Uint8Array[] = []
  const decoder = new StreamFrameDecoder(PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX)
  const closed = once(socket, 'close')
  socket.on('data', (chunk) => {
    decoder.push(new Uint8Array(chunk), (payload) => {
      payloads.push(payload)
      return true
    })
    if (until === 'answered' && payloads.length > 1) socket.destroy()
  })
  socket.write(bytes)
  await closed
  const greeting = payloads[0] === undefined ? undefined : decodeGreeting(payloads[0])
  if (greeting instanceof Error) throw greeting
  return { greeting, payloads: payloads.slice(1) }
}

/** Sends bytes, says no more and leaves: whatever they mean, the other side must bear it. */
export async function sendAndLeave(address: string, bytes: Uint8Array): Promise<void> {
  const socket = open(address)
  socket.resume()
  const closed = once(socket, 'close')
  socket.end(bytes)
  await closed
}

function open(address: string): Socket {
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1')
  // The other side may hang up while we still write.
  socket.on('error', () => {})
  return socket
}

/** Stands between a client and a node and keeps what the client says, as payloads. */
export class Eavesdropper implements AsyncDisposable {
  readonly heard: Uint8Array[] = []
  readonly #server = createServer()
  readonly #sockets = new Set<Socket>()

  static async listen(to: string): Promise<Eavesdropper> {
    const found = new Eavesdropper(to)
    found.#server.listen(0, '127.0.0.1')
    await once(found.#server, 'listening')
    return found
  }

  private constructor(to: string) {
    this.#server.on('connection', (client) => {
      const node = open(to)
      this.#sockets.add(client).add(node)
      client.on('error', () => {})
      const decoder = new StreamFrameDecoder(PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX)
      client.on('data', (chunk) => {
        decoder.push(new Uint8Array(chunk), (payload) => this.heard.push(payload.slice()) > 0)
      })
      client.pipe(node).pipe(client)
    })
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
