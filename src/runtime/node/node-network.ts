import { createServer, type Server, type Socket } from 'node:net'
import { assert } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import { NODE_ID_MAX } from '../../foundation/ids.ts'
import { type Endpoint, endpoint, type Network, type SendOutcome } from '../network.ts'
import type { Random } from '../random.ts'
import { parseAddress } from './address.ts'
import { Connection, problemOf } from './connection.ts'
import { FaultGate } from './fault-gate.ts'
import type { Framing, Hello, Refusal } from './framing.ts'
import { Link } from './link.ts'

const GREETING_TIMEOUT_MS = 3_000
const QUEUE_BYTES_MAX = 32 << 20

export interface NodeNetworkOptions {
  readonly framing: Framing
  /** At most 64 bytes. '' for a client that takes any cluster; it learns the name from the first that answers. */
  readonly clusterId: string
  /** 0 (the default) for a client. */
  readonly nodeId?: number
  /** Where to listen, for example `127.0.0.1:7001`; port 0 for any. A client leaves it out. */
  readonly listen?: string
  /** Where the other members are. `setPeers` changes it later. */
  readonly peers?: ReadonlyMap<number, string | readonly string[]>
  /** Most bytes waiting for one endpoint; 32 MiB unless said. */
  readonly queueBytesMax?: number
  /** Hears what a person should: refused greetings, streams that make no sense. */
  readonly onProblem?: (problem: DureError) => void
}

/**
 * Messages over TCP.
 *
 * Each member dials each other member and sends on the connection that it dialed: two connections per pair, one per
 * direction. Nobody has to agree on which of two crossing dials survives, a member that restarts is dialed by all at
 * once, and "reachable" means that our own dial was answered. A client uses its one connection both ways.
 */
export class NodeNetwork implements Network {
  readonly faults = new FaultGate()
  readonly #options: NodeNetworkOptions
  readonly #random: Random
  readonly #queueBytesMax: number
  readonly #links = new Map<Endpoint, Link>()
  /** Connections of clients, by the endpoint we gave them. */
  readonly #clients = new Map<Endpoint, Connection>()
  readonly #accepted = new Set<Connection>()
  /** Connections that members dialed, the newest of each: a way to answer one whose address is not known yet. */
  readonly #dialedByMembers = new Map<Endpoint, Connection>()
  /** Ids of members that were removed for good. */
  #gone: ReadonlySet<number> = new Set()
  /** Sockets that came before anybody listened to messages. */
  #early: Socket[] = []
  readonly #delayed = new Set<NodeJS.Timeout>()
  #server: Server | undefined
  #clusterId: string
  #nextEndpoint = NODE_ID_MAX + 1
  #closed = false
  #onMessage: ((from: Endpoint, message: Uint8Array) => void) | undefined
  #onDisconnect: (from: Endpoint) => void = () => {}

  constructor(options: NodeNetworkOptions, random: Random) {
    this.#options = options
    this.#random = random
    this.#clusterId = options.clusterId
    this.#queueBytesMax = options.queueBytesMax ?? QUEUE_BYTES_MAX
    if (options.peers !== undefined) this.setPeers(options.peers)
  }

  /** The cluster's name; a client that gave none has learned it once a node answered. */
  get clusterId(): string {
    return this.#clusterId
  }

  /** Where this node listens; undefined for a client. */
  get address(): string | undefined {
    const address = this.#server?.address()
    if (address === null || address === undefined || typeof address === 'string') return undefined
    return address.family === 'IPv6'
      ? `[${address.address}]:${address.port}`
      : `${address.address}:${address.port}`
  }

  async listen(): Promise<void> {
    if (this.#options.listen === undefined) return
    const { host, port } = parseAddress(this.#options.listen)
    const server = createServer({ noDelay: true }, (socket) => this.#arrive(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      const refuse = (cause: NodeJS.ErrnoException): void => reject(listenError(this.#options.listen!, cause))
      server.once('error', refuse)
      server.listen({ host, port }, () => {
        server.off('error', refuse)
        // Accepting may fail later, for want of descriptors: the ones who came are still served.
        server.on('error', (cause) =>
          this.#problem(
            new DureError('unavailable', `cannot accept a connection: ${cause.message}`, { cause }),
          ),
        )
        resolve()
      })
    })
  }

  setPeers(peers: ReadonlyMap<number, string | readonly string[]>, gone?: ReadonlySet<number>): void {
    if (this.#closed) return
    for (const [id, link] of this.#links) {
      if (id > NODE_ID_MAX || link.addresses.join() === addressesOf(peers.get(id)).join()) continue
      link.close()
      this.#links.delete(id)
    }
    for (const [id, given] of peers) {
      assert(id > 0 && id <= NODE_ID_MAX, 'a node id is from 1 to NODE_ID_MAX')
      if (id === this.#options.nodeId || this.#links.has(endpoint(id))) continue
      this.#links.set(endpoint(id), this.#link(endpoint(id), addressesOf(given), id))
    }
    if (gone === undefined) return
    this.#gone = gone
    // It dials again, and is told why it is not wanted.
    for (const [id, connection] of this.#dialedByMembers) if (gone.has(id)) connection.end()
  }

  onMessage(handler: (from: Endpoint, message: Uint8Array) => void): void {
    this.#onMessage = handler
    const early = this.#early
    this.#early = []
    for (const socket of early) this.#accept(socket)
  }

  onDisconnect(handler: (from: Endpoint) => void): void {
    this.#onDisconnect = handler
  }

  send(to: Endpoint, message: Uint8Array): SendOutcome {
    if (message.length > this.#options.framing.payloadBytesMax) {
      throw new DureError(
        'protocol',
        `cannot send a message of ${message.length} bytes: the limit is ${this.#options.framing.payloadBytesMax}`,
      )
    }
    if (this.faults.isActive) return this.#sendDisturbed(to, message)
    return this.#sendNow(to, message)
  }

  #sendNow(to: Endpoint, message: Uint8Array): SendOutcome {
    const link = this.#links.get(to)
    if (link !== undefined) return link.send(message)
    const client = this.#clients.get(to) ?? this.#dialedByMembers.get(to)
    if (client === undefined) return 'unreachable'
    return client.send(message) ? 'accepted' : 'full'
  }

  #sendDisturbed(to: Endpoint, message: Uint8Array): SendOutcome {
    if (this.faults.dropsTo(to)) return 'accepted'
    let outcome: SendOutcome = 'accepted'
    for (const delayMs of this.faults.drawDelays(to, this.#random)) {
      if (delayMs === 0) outcome = this.#sendNow(to, message)
      else this.#sendLater(to, message, delayMs)
    }
    return outcome
  }

  #sendLater(to: Endpoint, message: Uint8Array, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#delayed.delete(timer)
      if (!this.faults.dropsTo(to)) this.#sendNow(to, message)
    }, delayMs)
    this.#delayed.add(timer)
  }

  connect(address: string): Endpoint {
    const id = endpoint(this.#nextEndpoint++)
    this.#links.set(id, this.#link(id, [address], 0))
    return id
  }

  disconnect(id: Endpoint): void {
    if (id > NODE_ID_MAX) {
      this.#links.get(id)?.close()
      this.#links.delete(id)
    }
    const client = this.#clients.get(id)
    this.#clients.delete(id)
    client?.end()
  }

  isReachable(id: Endpoint): boolean {
    if (this.faults.isActive && this.faults.dropsTo(id)) return false
    return this.#links.get(id)?.isOpen ?? (this.#clients.has(id) || this.#dialedByMembers.has(id))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#delayed) clearTimeout(timer)
    for (const link of this.#links.values()) link.close()
    this.#links.clear()
    for (const socket of this.#early) socket.destroy()
    const server = this.#server
    if (server === undefined) return
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const connection of this.#accepted) connection.end()
    })
  }

  #link(id: Endpoint, addresses: readonly string[], expectedNodeId: number): Link {
    const isClient = expectedNodeId === 0
    const link: Link = new Link({
      addresses,
      framing: this.#options.framing,
      queueBytesMax: this.#queueBytesMax,
      persistent: !isClient,
      hello: () => this.#hello(expectedNodeId),
      check: (answer) => this.#checkAnswer(link.address, expectedNodeId, answer),
      onPayload: (payload) => this.#deliver(id, payload),
      onLost: () => {
        if (!this.#closed && this.#links.has(id)) this.#onDisconnect(id)
      },
      onProblem: (problem) => this.#problem(problem),
    })
    return link
  }

  #hello(expectedNodeId: number): Hello {
    const { versionMin, versionMax } = this.#options.framing
    return {
      kind: 'hello',
      versionMin,
      versionMax,
      clusterId: this.#clusterId,
      // On a connection of `connect` even a node is a client: its answers come back the same way.
      nodeId: expectedNodeId === 0 ? 0 : this.#ownId,
      expectedNodeId,
    }
  }

  get #ownId(): number {
    return this.#options.nodeId ?? 0
  }

  #checkAnswer(address: string, expectedNodeId: number, answer: Hello): DureError | undefined {
    const { versionMin, versionMax } = this.#options.framing
    if (answer.versionMax < versionMin || answer.versionMin > versionMax) {
      return new DureError(
        'unsupported',
        `${address} speaks protocol versions ${answer.versionMin} to ${answer.versionMax}, this side ${versionMin} to ${versionMax}; update the older one`,
      )
    }
    if (this.#clusterId !== '' && answer.clusterId !== this.#clusterId) {
      return new DureError(
        'wrong-cluster',
        `${address} belongs to cluster ${JSON.stringify(answer.clusterId)}, expected ${JSON.stringify(this.#clusterId)}; check the address`,
      )
    }
    if (expectedNodeId !== 0 && answer.nodeId !== expectedNodeId) {
      return new DureError(
        'invalid',
        `${address} is node ${answer.nodeId}, expected node ${expectedNodeId}; check the addresses of the members`,
      )
    }
    this.#clusterId = answer.clusterId
    return undefined
  }

  #arrive(socket: Socket): void {
    if (this.#onMessage !== undefined) {
      this.#accept(socket)
      return
    }
    socket.on('error', () => socket.destroy())
    this.#early.push(socket)
  }

  #accept(socket: Socket): void {
    if (socket.destroyed) return
    let from: Endpoint | undefined
    const connection = new Connection(socket, this.#options.framing, this.#queueBytesMax, {
      onPayload: (_, payload) => {
        if (from !== undefined) this.#deliver(from, payload)
        else from = this.#greet(connection, payload)
      },
      onClosed: (_, error) => {
        clearTimeout(timeout)
        this.#accepted.delete(connection)
        const problem = problemOf(error)
        if (problem !== undefined) this.#problem(problem)
        if (from === undefined) return
        if (this.#dialedByMembers.get(from) === connection) this.#dialedByMembers.delete(from)
        if (this.#clients.delete(from) && !this.#closed) this.#onDisconnect(from)
      },
    })
    this.#accepted.add(connection)
    const timeout = setTimeout(() => {
      if (from === undefined) connection.destroy()
    }, GREETING_TIMEOUT_MS)
    timeout.unref()
  }

  #greet(connection: Connection, payload: Uint8Array): Endpoint | undefined {
    const { framing } = this.#options
    const hello = framing.decodeGreeting(payload)
    if (hello instanceof DureError || hello.kind === 'refusal') {
      this.#refuse(connection, {
        kind: 'refusal',
        reason: 'malformed',
        message: hello instanceof DureError ? hello.message : 'a refusal is no way to begin',
      })
      return undefined
    }
    const refusal = this.#checkHello(hello)
    if (refusal !== undefined) {
      this.#refuse(connection, refusal)
      return undefined
    }
    connection.acceptMessages()
    const { versionMin, versionMax } = framing
    connection.send(
      framing.encodeGreeting({
        kind: 'hello',
        versionMin,
        versionMax,
        clusterId: this.#clusterId,
        nodeId: this.#ownId,
        expectedNodeId: hello.nodeId,
      }),
    )
    if (hello.nodeId !== 0) {
      const member = endpoint(hello.nodeId)
      this.#links.get(member)?.wake()
      this.#dialedByMembers.set(member, connection)
      return member
    }
    const client = endpoint(this.#nextEndpoint++)
    this.#clients.set(client, connection)
    return client
  }

  #checkHello(hello: Hello): Refusal | undefined {
    const { versionMin, versionMax } = this.#options.framing
    const own = this.#ownId
    if (hello.versionMax < versionMin || hello.versionMin > versionMax) {
      const message = `this node speaks protocol versions ${versionMin} to ${versionMax}, the other side ${hello.versionMin} to ${hello.versionMax}; update the older one`
      return { kind: 'refusal', reason: 'version', message }
    }
    const anyCluster = hello.nodeId === 0 && hello.clusterId === ''
    if (!anyCluster && hello.clusterId !== this.#clusterId) {
      const message = `this node belongs to cluster ${JSON.stringify(this.#clusterId)}, the other side asked for ${JSON.stringify(hello.clusterId)}; check the address`
      return { kind: 'refusal', reason: 'wrong-cluster', message }
    }
    if (hello.expectedNodeId !== 0 && hello.expectedNodeId !== own) {
      const message = `this is node ${own}, the other side wanted node ${hello.expectedNodeId}; check the addresses of the members`
      return { kind: 'refusal', reason: 'wrong-node', message }
    }
    if (this.#gone.has(hello.nodeId)) {
      const message = `node ${hello.nodeId} was removed from this cluster, and its id is never used again: stop it, and add a new node with dure member add`
      return { kind: 'refusal', reason: 'removed', message }
    }
    if (hello.nodeId !== 0 && hello.nodeId === own) {
      const message = `the other side calls itself node ${own}, and so does this one; ids must be unique`
      return { kind: 'refusal', reason: 'wrong-node', message }
    }
    return undefined
  }

  #refuse(connection: Connection, refusal: Refusal): void {
    const from = `${connection.socket.remoteAddress}:${connection.socket.remotePort}`
    connection.send(this.#options.framing.encodeGreeting(refusal))
    connection.end()
    const code =
      refusal.reason === 'wrong-cluster'
        ? 'wrong-cluster'
        : refusal.reason === 'version'
          ? 'unsupported'
          : refusal.reason === 'malformed'
            ? 'protocol'
            : refusal.reason === 'removed'
              ? 'unavailable'
              : 'invalid'
    this.#problem(new DureError(code, `refused a connection from ${from}: ${refusal.message}`))
  }

  #deliver(from: Endpoint, message: Uint8Array): void {
    if (this.#closed || (this.faults.isActive && this.faults.dropsFrom(from))) return
    this.#onMessage?.(from, message)
  }

  #problem(problem: DureError): void {
    this.#options.onProblem?.(problem)
  }
}

const addressesOf = (given: string | readonly string[] | undefined): readonly string[] =>
  given === undefined ? [] : typeof given === 'string' ? [given] : given

function listenError(address: string, cause: NodeJS.ErrnoException): DureError {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new DureError(
        'unavailable',
        `cannot listen on ${address}: another process is using this port; stop it or choose another port`,
        { cause },
      )
    case 'EACCES':
      return new DureError('invalid', `cannot listen on ${address}: this process may not use that port`, {
        cause,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new DureError('invalid', `cannot listen on ${address}: this machine has no such address`, {
        cause,
      })
    default:
      return new DureError('unavailable', `cannot listen on ${address}: ${cause.message}`, { cause })
  }
}
