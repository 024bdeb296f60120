import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { text, utf8 } from '../../foundation/bytes.ts'
import { NODE_ID_MAX } from '../../foundation/ids.ts'
import { type Endpoint, endpoint, type Network } from '../network.ts'

/** Two members, 1 and 2, connected to each other, and a client. */
export interface NetworkUnderTest {
  readonly one: Network
  readonly two: Network
  readonly client: Network
  /** What `connect` takes to reach node 1. */
  readonly addressOfOne: string
  /** Where nobody is. */
  readonly addressOfNobody: string
  /** Waits until it holds. */
  until(condition: () => boolean): Promise<void>
  /** Ends node 1 without a word. */
  stopOne(): Promise<void> | void
  /** Starts node 1 again; answers its network. */
  startOne(): Promise<Network> | Network
}

export interface NetworkCase {
  readonly name: string
  run(test: NetworkUnderTest): Promise<void>
}

interface Received {
  readonly from: Endpoint
  readonly message: Uint8Array
}

function receivedBy(network: Network): Received[] {
  const received: Received[] = []
  network.onMessage((from, message) => received.push({ from, message }))
  return received
}

const ONE = endpoint(1)
const TWO = endpoint(2)

/** What every network does, the real one and the simulated one. */
export const networkCases: readonly NetworkCase[] = [
  {
    name: 'carries messages between members, whole, of every size',
    async run({ one, two, until }) {
      const received = receivedBy(two)
      receivedBy(one)
      await until(() => one.isReachable(TWO))
      const sizes = [0, 1, 100, 4_096, 4_097, 70_000, 1 << 20, 3]
      const sent = sizes.map((size) => new Uint8Array(size).map((_, i) => (i * 7 + size) & 0xff))
      for (const message of sent) equal(one.send(TWO, message), 'accepted')
      await until(() => received.length === sizes.length)
      for (const { from } of received) equal(from, ONE)
      const bySize = (left: Uint8Array, right: Uint8Array): number => left.length - right.length
      const found = received.map(({ message }) => message).sort(bySize)
      for (const [i, message] of sent.sort(bySize).entries()) ok(Buffer.from(found[i]!).equals(message))
    },
  },
  {
    name: 'uses the address at which the member answers, of several',
    async run({ one, two, addressOfOne, addressOfNobody, until }) {
      const received = receivedBy(one)
      two.setPeers(new Map([[1, [addressOfNobody, addressOfOne]]]))
      await until(() => two.send(ONE, utf8('there you are')) === 'accepted' && received.length > 0)
      equal(received[0]!.from, TWO)
    },
  },
  {
    name: 'carries an answer to a member that is not named',
    async run({ one, two, until }) {
      const received = receivedBy(one)
      two.onMessage((from) => two.send(from, utf8('I do not know where you are')))
      await until(() => one.isReachable(TWO))
      two.setPeers(new Map())
      one.send(TWO, utf8('can you hear me?'))
      await until(() => received.length === 1)
      equal(received[0]!.from, TWO)
    },
  },
  {
    name: 'gives the receiver bytes of its own',
    async run({ one, two, until }) {
      const received = receivedBy(two)
      await until(() => one.isReachable(TWO))
      const message = utf8('shared?')
      one.send(TWO, message)
      await until(() => received.length === 1)
      received[0]!.message.fill(0)
      equal(text(message), 'shared?')
    },
  },
  {
    name: 'says that nobody is there',
    async run({ one }) {
      equal(one.isReachable(endpoint(9)), false)
      equal(one.send(endpoint(9), utf8('?')), 'unreachable')
      equal(one.send(endpoint(NODE_ID_MAX + 77), utf8('?')), 'unreachable')
    },
  },
  {
    name: 'answers a client, whose endpoint is above the node ids',
    async run({ one, client, addressOfOne, until }) {
      one.onMessage((from, message) => {
        ok(from > NODE_ID_MAX)
        equal(one.send(from, utf8(`answer to ${text(message)}`)), 'accepted')
      })
      const received = receivedBy(client)
      const node = client.connect(addressOfOne)
      ok(node > NODE_ID_MAX)
      equal(client.send(node, utf8('first')), 'accepted')
      equal(client.send(node, utf8('second')), 'accepted')
      await until(() => received.length === 2)
      deepEqual(received.map(({ message }) => text(message)).sort(), ['answer to first', 'answer to second'])
      equal(received[0]!.from, node)
      ok(client.isReachable(node))
    },
  },
  {
    name: 'keeps two connections to one node apart',
    async run({ one, client, addressOfOne, until }) {
      const atOne = receivedBy(one)
      receivedBy(client)
      const left = client.connect(addressOfOne)
      const right = client.connect(addressOfOne)
      notEqual(left, right)
      client.send(left, utf8('left'))
      client.send(right, utf8('right'))
      await until(() => atOne.length === 2)
      notEqual(atOne[0]!.from, atOne[1]!.from)
    },
  },
  {
    name: 'tells the node when a client hangs up',
    async run({ one, client, addressOfOne, until }) {
      const atOne = receivedBy(one)
      const gone: Endpoint[] = []
      one.onDisconnect((from) => gone.push(from))
      const node = client.connect(addressOfOne)
      client.send(node, utf8('hello'))
      await until(() => atOne.length === 1)
      client.disconnect(node)
      await until(() => gone.length === 1)
      equal(gone[0], atOne[0]!.from)
      equal(client.send(node, utf8('?')), 'unreachable')
      equal(one.send(gone[0]!, utf8('?')), 'unreachable')
    },
  },
  {
    name: 'tells the client when the node hangs up, and dials again with its next send',
    async run({ one, client, addressOfOne, until }) {
      const atOne = receivedBy(one)
      const gone: Endpoint[] = []
      client.onDisconnect((from) => gone.push(from))
      const node = client.connect(addressOfOne)
      client.send(node, utf8('first'))
      await until(() => atOne.length === 1)
      one.disconnect(atOne[0]!.from)
      await until(() => gone.length === 1)
      equal(gone[0], node)
      equal(client.send(node, utf8('second')), 'accepted')
      await until(() => atOne.length === 2)
      equal(text(atOne[1]!.message), 'second')
      notEqual(atOne[0]!.from, atOne[1]!.from)
    },
  },
  {
    name: 'tells a client that nobody answers',
    async run({ client, addressOfNobody, until }) {
      const gone: Endpoint[] = []
      client.onDisconnect((from) => gone.push(from))
      const node = client.connect(addressOfNobody)
      client.send(node, utf8('anybody?'))
      await until(() => gone.includes(node))
      equal(client.isReachable(node), false)
    },
  },
  {
    name: 'reaches a member again after its restart, without being asked',
    async run({ two, until, stopOne, startOne }) {
      await until(() => two.isReachable(ONE))
      await stopOne()
      await until(() => !two.isReachable(ONE))
      equal(two.send(ONE, utf8('lost')), 'unreachable')
      const received = receivedBy(await startOne())
      await until(() => two.isReachable(ONE))
      equal(two.send(ONE, utf8('found')), 'accepted')
      await until(() => received.length === 1)
      equal(text(received[0]!.message), 'found')
    },
  },
  {
    name: 'refuses a message that is too large for a frame, and goes on',
    async run({ one, two, until }) {
      const received = receivedBy(two)
      await until(() => one.isReachable(TWO))
      let refused: unknown
      try {
        one.send(TWO, new Uint8Array((8 << 20) + 1))
      } catch (error) {
        refused = error
      }
      ok(refused instanceof Error && refused.message.includes('limit'))
      one.send(TWO, utf8('small'))
      await until(() => received.length === 1)
    },
  },
]
