import { once } from 'node:events'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { concatBytes, text, utf8 } from '../../foundation/bytes.ts'
import type { DureError } from '../../foundation/errors.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { type Endpoint, endpoint } from '../network.ts'
import { type NetworkUnderTest, networkCases } from '../testing/network-cases.ts'
import { NodeNetwork, type NodeNetworkOptions } from './node-network.ts'
import { NodeRandom } from './node-random.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error('not yet')
    },
    { timeout: 10_000, interval: 1 },
  )

async function open(
  options: Partial<NodeNetworkOptions> = {},
): Promise<NodeNetwork & { problems: DureError[] }> {
  const problems: DureError[] = []
  const network = new NodeNetwork(
    {
      framing: tcpFraming,
      clusterId: 'test',
      onProblem: (problem) => problems.push(problem),
      ...options,
    },
    new NodeRandom(),
  )
  closing.push(() => network.close())
  await network.listen()
  return Object.assign(network, { problems })
}

const node = (nodeId: number, options: Partial<NodeNetworkOptions> = {}) =>
  open({ nodeId, listen: '127.0.0.1:0', ...options })

async function pair(): Promise<NetworkUnderTest> {
  const one = await node(1)
  const addressOfOne = one.address!
  const two = await node(2, { peers: new Map([[1, addressOfOne]]) })
  one.setPeers(new Map([[2, two.address!]]))
  two.onMessage(() => {})
  const client = await open({ clusterId: '' })
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const { port } = nobody.address() as { port: number }
  nobody.close()
  one.onMessage(() => {})
  return {
    one,
    two,
    client,
    addressOfOne,
    addressOfNobody: `127.0.0.1:${port}`,
    until,
    stopOne: () => one.close(),
    startOne: () => node(1, { listen: addressOfOne, peers: new Map([[2, two.address!]]) }),
  }
}

describe('the Node network, as every network', () => {
  for (const { name, run } of networkCases) test(name, async () => run(await pair()))
})

describe('a greeting that is refused', () => {
  test('names both clusters, on both sides', async () => {
    const one = await node(1)
    one.onMessage(() => {})
    const two = await node(2, { clusterId: 'other', peers: new Map([[1, one.address!]]) })
    await until(() => one.problems.length > 0 && two.problems.length > 0)
    for (const problem of [one.problems[0]!, two.problems[0]!]) {
      expect(problem.code).toBe('wrong-cluster')
      expect(problem.message).toContain('"test"')
      expect(problem.message).toContain('"other"')
    }
    expect(two.isReachable(endpoint(1))).toBe(false)
  })

  test('tells a node that dials the wrong member', async () => {
    const three = await node(3)
    three.onMessage(() => {})
    const two = await node(2, { peers: new Map([[1, three.address!]]) })
    await until(() => two.problems.length > 0)
    expect(two.problems[0]!.code).toBe('invalid')
    expect(two.problems[0]!.message).toContain('this is node 3, the other side wanted node 1')
    await until(() => three.problems.length > 0)
  })

  test('tells two nodes with one id', async () => {
    const one = await node(1)
    one.onMessage(() => {})
    const twin = await node(1)
    // A twin reaches another address than its own only by mistake.
    twin.setPeers(new Map([[2, one.address!]]))
    await until(() => twin.problems.length > 0)
    expect(twin.problems[0]!.code).toBe('invalid')
  })

  test('tells a member that it was removed, also in the middle of a connection', async () => {
    const one = await node(1)
    one.onMessage(() => {})
    const two = await node(2, { peers: new Map([[1, one.address!]]) })
    await until(() => two.isReachable(endpoint(1)))
    one.setPeers(new Map(), new Set([2]))
    await until(() => two.problems.length > 0)
    expect(two.problems[0]!.code).toBe('removed')
    expect(two.problems[0]!.message).toContain('node 2 was removed from this cluster')
    expect(two.isReachable(endpoint(1))).toBe(false)
  })

  test('names the versions of both sides', async () => {
    const one = await node(1)
    one.onMessage(() => {})
    const future = { ...tcpFraming, versionMin: 7, versionMax: 9 }
    const two = await node(2, { framing: future, peers: new Map([[1, one.address!]]) })
    await until(() => one.problems.length > 0 && two.problems.length > 0)
    for (const problem of [one.problems[0]!, two.problems[0]!]) {
      expect(problem.code).toBe('unsupported')
      expect(problem.message).toContain('7 to 9')
    }
  })

  test('is that of the version before, which knows no leases and no members', async () => {
    const one = await node(1)
    one.onMessage(() => {})
    const former = { ...tcpFraming, versionMin: 1, versionMax: 1 }
    const two = await node(2, { framing: former, peers: new Map([[1, one.address!]]) })
    await until(() => one.problems.length > 0 && two.problems.length > 0)
    for (const problem of [one.problems[0]!, two.problems[0]!]) {
      expect(problem.code).toBe('unsupported')
      expect(problem.message).toMatch(
        /protocol versions (1 to 1.*2 to 2|2 to 2.*1 to 1); update the older one/,
      )
    }
    expect(two.isReachable(endpoint(1))).toBe(false)
  })

  test('is told once, not at every attempt', async () => {
    const one = await node(1)
    one.onMessage(() => {})
    const two = await node(2, { clusterId: 'other', peers: new Map([[1, one.address!]]) })
    await until(() => one.problems.length >= 2)
    expect(two.problems.length).toBe(1)
  })
})

test('a client without a cluster id learns it', async () => {
  const one = await node(1)
  const heard: string[] = []
  one.onMessage((_, message) => heard.push(text(message)))
  const client = await open({ clusterId: '' })
  client.send(client.connect(one.address!), utf8('hello'))
  await until(() => heard.length === 1)
  await until(() => client.clusterId === 'test')
})

test('a port in use ends in a clear error', async () => {
  const one = await node(1)
  await expect(node(2, { listen: one.address! })).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('another process is using this port'),
  })
})

test.each(['', 'localhost', '127.0.0.1:', ':7001', '127.0.0.1:99999', '127.0.0.1:x'])(
  'the address %j is refused',
  async (address) => {
    const client = await open()
    expect(() => client.connect(address)).toThrow(/give a host and a port/)
  },
)

describe('a stream that makes no sense', () => {
  async function raw(address: string): Promise<Socket> {
    const [host, port] = address.split(':')
    const socket = createConnection({ host: host!, port: Number(port) })
    socket.on('error', () => {})
    closing.push(() => void socket.destroy())
    await once(socket, 'connect')
    socket.resume()
    return socket
  }

  test.each([
    ['a web browser', utf8('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a length over the limit', new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0, 1])],
    ['a wrong checksum', new Uint8Array([1, 0, 0, 0, 9, 9, 9, 9, 1])],
  ])('closes the connection and says so: %s', async (_, bytes) => {
    const one = await node(1)
    one.onMessage(() => {})
    const socket = await raw(one.address!)
    const closed = once(socket, 'close')
    socket.write(bytes)
    await closed
    await until(() => one.problems.length === 1)
    expect(one.problems[0]!.code).toBe('protocol')
    // The node serves on.
    const client = await open()
    const heard: string[] = []
    one.onMessage((_from, message) => heard.push(text(message)))
    client.send(client.connect(one.address!), utf8('still there?'))
    await until(() => heard.length === 1)
  })
})

test('mutated real streams end connections, never the node', async () => {
  const one = await node(1)
  const heard: Uint8Array[] = []
  one.onMessage((_, message) => heard.push(message))
  const frame = (payload: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(tcpFraming.headerBytes + payload.length)
    tcpFraming.writeHeader(bytes, 0, payload)
    bytes.set(payload, tcpFraming.headerBytes)
    return bytes
  }
  const hello = { kind: 'hello', versionMin: 2, versionMax: 2, nodeId: 0, expectedNodeId: 1 } as const
  const messages = [utf8('first message'), new Uint8Array(300).fill(7), utf8('last message')]
  const stream = concatBytes([
    frame(tcpFraming.encodeGreeting({ ...hello, clusterId: 'test' })),
    ...messages.map(frame),
  ])
  const port = Number(one.address!.split(':')[1])
  await Promise.all(
    Array.from({ length: 150 }, async (_, i) => {
      const mutated = stream.slice()
      const where = (i * 37) % mutated.length
      mutated[where] = mutated[where]! ^ (1 << (i % 8))
      const socket = createConnection({ host: '127.0.0.1', port })
      socket.on('error', () => {})
      socket.resume()
      socket.end(mutated)
      await once(socket, 'close')
    }),
  )
  // Whatever arrived was sent: a checksum stands before each message.
  for (const message of heard) expect(messages.some((sent) => Buffer.from(sent).equals(message))).toBe(true)
  expect(one.problems.length).toBeGreaterThan(100)
  const before = heard.length
  const client = await open()
  client.send(client.connect(one.address!), messages[0]!)
  await until(() => heard.length > before)
})

test('a member that comes back is dialed when it dials, not after the backoff', async () => {
  // Timers stand still, so no backoff ever ends.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  closing.push(() => void vi.useRealTimers())
  const turnUntil = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve))
  }
  let attempts = 0
  const nobody = createServer((socket) => {
    attempts++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const address = `127.0.0.1:${(nobody.address() as { port: number }).port}`
  const two = await node(2, { peers: new Map([[1, address]]) })
  two.onMessage(() => {})
  await turnUntil(() => attempts === 1)
  nobody.close()
  await once(nobody, 'close')
  const one = await node(1, { listen: address, peers: new Map([[2, two.address!]]) })
  one.onMessage(() => {})
  await turnUntil(() => two.isReachable(endpoint(1)))
  expect(one.isReachable(endpoint(2))).toBe(true)
})

test('connections that come before anybody listens wait', async () => {
  const one = await node(1)
  const client = await open()
  client.send(client.connect(one.address!), utf8('early'))
  await new Promise((resolve) => setImmediate(resolve))
  const heard: string[] = []
  one.onMessage((_, message) => heard.push(text(message)))
  await until(() => heard.length === 1)
  expect(heard).toEqual(['early'])
})

describe('a send queue', () => {
  let sink: Server | undefined
  test('is bounded, and answers full', async () => {
    // A node that greets and then reads no more.
    sink = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.pause()
        const hello = tcpFraming.encodeGreeting({
          kind: 'hello',
          versionMin: 2,
          versionMax: 2,
          clusterId: 'test',
          nodeId: 2,
          expectedNodeId: 1,
        })
        const header = new Uint8Array(tcpFraming.headerBytes)
        tcpFraming.writeHeader(header, 0, hello)
        socket.write(Buffer.concat([header, hello]))
      })
      closing.push(() => void socket.destroy())
    }).listen(0, '127.0.0.1')
    closing.push(() => void sink?.close())
    await once(sink, 'listening')
    const { port } = sink.address() as { port: number }
    const one = await node(1, { queueBytesMax: 1 << 20, peers: new Map([[2, `127.0.0.1:${port}`]]) })
    await until(() => one.isReachable(endpoint(2)))
    let accepted = 0
    while (one.send(endpoint(2), new Uint8Array(65_536)) === 'accepted') {
      accepted++
      if (accepted % 8 === 0) await new Promise((resolve) => setImmediate(resolve))
      expect(accepted).toBeLessThan(1_000)
    }
    expect(accepted).toBeGreaterThan(8)
  })
})

describe('the fault gate', () => {
  test('drops both directions in silence until it is cleared', async () => {
    // Counts what reaches node 1 at all, as a dropped message shows nowhere else.
    let arrived = 0
    const counting: typeof tcpFraming = {
      ...tcpFraming,
      decoder() {
        const decoder = tcpFraming.decoder()
        return {
          acceptMessages: () => decoder.acceptMessages(),
          push: (chunk, onPayload) =>
            decoder.push(chunk, (payload) => {
              arrived++
              return onPayload(payload)
            }),
        }
      },
    }
    const one = await node(1, { framing: counting })
    const two = await node(2, { peers: new Map([[1, one.address!]]) })
    one.setPeers(new Map([[2, two.address!]]))
    const heard: string[] = []
    const listen = (name: string) => (_: Endpoint, message: Uint8Array) =>
      heard.push(`${name}: ${text(message)}`)
    one.onMessage(listen('one'))
    two.onMessage(listen('two'))
    await until(() => one.isReachable(endpoint(2)) && two.isReachable(endpoint(1)))

    one.faults.block(endpoint(2))
    expect(one.isReachable(endpoint(2))).toBe(false)
    expect(one.faults.blocked).toEqual([2])
    expect(one.send(endpoint(2), utf8('lost on the way out'))).toBe('accepted')
    const before = arrived
    two.send(endpoint(1), utf8('lost on the way in'))
    await until(() => arrived === before + 1)
    one.faults.unblock(endpoint(2))
    expect(one.isReachable(endpoint(2))).toBe(true)

    two.faults.disturb({ lossProbability: 1 })
    expect(two.send(endpoint(1), utf8('lost by chance'))).toBe('accepted')
    two.faults.disturb({ lossProbability: 0, delayMs: 20 })
    const sentMs = performance.now()
    two.send(endpoint(1), utf8('late'))
    await until(() => heard.includes('one: late'))
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(19)

    two.faults.clear()
    one.send(endpoint(2), utf8('last'))
    await until(() => heard.includes('two: last'))
    expect(heard).toEqual(['one: late', 'two: last'])
  })
})
