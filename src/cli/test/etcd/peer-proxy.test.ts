import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitFor } from '../../../fixture/wait-for.ts'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import { Links } from './links.ts'
import { PeerProxy } from './peer-proxy.ts'

const introduction = 'GET /raft HTTP/1.1\r\nX-Server-From: a1\r\n\r\n'

/** One end of a connection, and what it heard. */
class End {
  readonly socket: Socket
  heard = ''
  hasEnded = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => (this.heard += chunk.toString()))
    socket.on('end', () => (this.hasEnded = true))
    socket.on('error', () => {})
  }

  async hears(text: string): Promise<number> {
    const beganMs = performance.now()
    await waitFor(text, 5_000, async () => this.heard.endsWith(text) || undefined)
    return performance.now() - beganMs
  }
}

describe('a proxy before a member', () => {
  let cleanup: AsyncDisposableStack
  let links: Links
  let member: Promise<End>
  let dialled: End

  beforeEach(async () => {
    cleanup = new AsyncDisposableStack()
    links = new Links(new SeededRandom(1))
    const { promise, resolve } = Promise.withResolvers<End>()
    member = promise
    const server = createServer({ allowHalfOpen: true }, (socket) => resolve(new End(socket)))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    cleanup.defer(() => void server.close())
    const nodeOf = (id: string) => (id === 'a1' ? '1' : undefined)
    const proxy = cleanup.use(await PeerProxy.before({ node: '2', links, nodeOf }))
    proxy.behindPort = (server.address() as AddressInfo).port
    dialled = new End(connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }))
    cleanup.defer(() => void dialled.socket.destroy())
    dialled.socket.write(introduction)
    await (await member).hears(introduction)
  })
  afterEach(() => cleanup.disposeAsync())

  it('carries both ways, and ends as the two do', async () => {
    const { socket } = await member
    socket.write('answer')
    await dialled.hears('answer')
    dialled.socket.end('last words')
    await (await member).hears('last words')
    await waitFor('the end', 5_000, async () => (await member).hasEnded || undefined)
    socket.end()
    await waitFor('the other end', 5_000, async () => dialled.hasEnded || undefined)
  })

  it('holds back what is said one way while that way is cut, and delivers it in order afterwards', async () => {
    const end = await member
    links.cut([{ from: '1', to: '2' }])
    dialled.socket.write('one,')
    dialled.socket.write('two,')
    end.socket.write('the other way is open')
    await dialled.hears('the other way is open')
    expect(end.heard).toBe(introduction)
    dialled.socket.end('three')
    links.cut([{ from: '2', to: '1' }])
    await end.hears('one,two,three')
    end.socket.write('nobody hears')
    await waitFor('the end, which waited too', 5_000, async () => end.hasEnded || undefined)
    expect(dialled.heard).toBe('the other way is open')
    links.cut([])
    await dialled.hears('nobody hears')
  })

  it('is late by the delay of a way, and keeps the order when that shrinks', async () => {
    const end = await member
    links.delay({ from: '1', to: '2' }, 150)
    dialled.socket.write('slow,')
    // It is on its way before the delay ends.
    dialled.socket.write('slow too,')
    await new Promise((resolve) => setTimeout(resolve, 30))
    links.delay({ from: '1', to: '2' }, 0)
    dialled.socket.write('fast')
    const tookMs = await end.hears('slow,slow too,fast')
    expect(tookMs).toBeGreaterThan(80)
  })

  it('breaks what is broken', async () => {
    const closed = new Promise((resolve) => dialled.socket.once('close', resolve))
    ;(await member).socket.resetAndDestroy()
    await closed
  })
})
