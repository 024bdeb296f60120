import { AssertionError } from '../../foundation/assert.ts'
import { checksum } from '../../foundation/checksum.ts'
import { DureError } from '../../foundation/errors.ts'
import { NODE_ID_MAX } from '../../foundation/ids.ts'
import { type Endpoint, endpoint, type SendOutcome } from '../network.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { ByteSlab } from './byte-slab.ts'
import type { ClientLink, Connection } from './connection.ts'
import type { Incarnation } from './incarnation.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Simulation } from './simulation.ts'

/** As the Node network: a connection refused is not tried again for this long. */
const REDIAL_US = 20_000
const QUEUE_BYTES_MAX = 32 << 20
const MESSAGE_BYTES_MAX = 8 << 20

/** One direction between two processes. */
interface Link {
  readonly delayUs: number
  readonly random: SeededRandom
  isCut: boolean
  /** Nothing arrives before this. */
  cloggedUntilUs: number
  /** Keeps the order while reordering is off. */
  lastArrivalUs: number
}

/** All links of the world, and what is wrong with them. */
export class SimulatedNetwork {
  readonly #world: Simulation
  readonly #random: SeededRandom
  readonly #links = new Map<number, Link>()
  readonly #slab = new ByteSlab()
  #cuts = 0

  constructor(world: Simulation, random: SeededRandom) {
    this.#world = world
    this.#random = random
  }

  // What can be wrong: for tests, and for the nemesis.

  /** Cuts one direction: messages vanish, those on their way too. */
  cutOneWay(from: SimulatedProcess, to: SimulatedProcess): void {
    this.#setCut(from, to, true)
  }

  cut(left: SimulatedProcess, right: SimulatedProcess): void {
    this.#setCut(left, right, true)
    this.#setCut(right, left, true)
  }

  mend(left: SimulatedProcess, right: SimulatedProcess): void {
    this.#setCut(left, right, false)
    this.#setCut(right, left, false)
  }

  /** Cuts every link between different groups, and mends those within one. Processes in no group stay as they are. */
  partition(groups: readonly (readonly SimulatedProcess[])[]): void {
    for (const group of groups) {
      for (const other of groups) {
        for (const left of group) {
          for (const right of other) {
            if (left !== right) this.#setCut(left, right, group !== other)
          }
        }
      }
    }
  }

  isolate(process: SimulatedProcess): void {
    for (const other of this.#world.processes) if (other !== process) this.cut(process, other)
  }

  /** Two halves that share one member: it hears both sides, which do not hear each other. */
  bridge(members: readonly SimulatedProcess[]): void {
    const middle = members.length >>> 1
    for (const left of members.slice(0, middle)) {
      for (const right of members.slice(middle + 1)) this.cut(left, right)
    }
  }

  /** Each member hears only so many neighbours to either side that it sees a majority, each another one. */
  majorityRing(members: readonly SimulatedProcess[]): void {
    const count = members.length
    const reach = Math.ceil(((count >>> 1) + 1 - 1) / 2)
    for (let i = 0; i < count; i++) {
      for (let j = i + 1; j < count; j++) {
        const distance = Math.min(j - i, count - (j - i))
        if (distance > reach) this.cut(members[i]!, members[j]!)
      }
    }
  }

  /** Holds everything of one direction back for so long; then it arrives at once. */
  clog(from: SimulatedProcess, to: SimulatedProcess, forMs: number): void {
    const link = this.#link(from, to)
    link.cloggedUntilUs = Math.max(link.cloggedUntilUs, this.#world.nowUs + forMs * 1_000)
  }

  /** Mends every link. */
  heal(): void {
    for (const link of this.#links.values()) {
      link.isCut = false
      link.cloggedUntilUs = 0
    }
    this.#cuts = 0
  }

  isCut(from: SimulatedProcess, to: SimulatedProcess): boolean {
    return this.#cuts > 0 && this.#link(from, to).isCut
  }

  // What a runtime's network does.

  send(from: Incarnation, to: Endpoint, message: Uint8Array): SendOutcome {
    if (message.length > MESSAGE_BYTES_MAX) {
      throw new DureError(
        'protocol',
        `cannot send a message of ${message.length} bytes: the limit is ${MESSAGE_BYTES_MAX}`,
      )
    }
    if (to <= NODE_ID_MAX) {
      const target = this.#world.member(to)?.incarnation
      if (target === undefined || target === from || !knows(from, to)) return 'unreachable'
      return this.#transmit(from, target, endpoint(from.process.nodeId), undefined, message)
    }
    const served = from.connections.get(to)
    if (served !== undefined) {
      return this.#transmit(from, served.client, served.clientEndpoint, served, message)
    }
    const link = from.clientLinks.get(to)
    return link === undefined ? 'unreachable' : this.#sendAsClient(from, link, message)
  }

  #sendAsClient(from: Incarnation, link: ClientLink, message: Uint8Array): SendOutcome {
    let connection = link.connection
    if (connection === undefined) {
      if (link.retryAtUs > this.#world.nowUs) return 'unreachable'
      const process = this.#world.member(link.nodeId)
      const server = process?.incarnation
      if (process === undefined || server === undefined) {
        link.retryAtUs = this.#world.nowUs + REDIAL_US
        this.#tellDisconnect(from, link.endpoint, process)
        return 'accepted'
      }
      connection = {
        client: from,
        clientEndpoint: link.endpoint,
        server,
        serverEndpoint: endpoint(server.nextEndpoint++),
        isOpen: true,
      }
      link.connection = connection
      server.connections.set(connection.serverEndpoint, connection)
    }
    return this.#transmit(from, connection.server, connection.serverEndpoint, connection, message)
  }

  connect(from: Incarnation, address: string): Endpoint {
    const found = /^node\/(\d+)$/.exec(address)
    if (found === null) {
      throw new DureError(
        'invalid',
        `cannot use the address ${JSON.stringify(address)} in a simulation: give node/<id>, for example node/1`,
      )
    }
    const id = endpoint(from.nextEndpoint++)
    if (!from.isDead) {
      from.clientLinks.set(id, {
        endpoint: id,
        nodeId: Number(found[1]),
        connection: undefined,
        retryAtUs: 0,
      })
    }
    return id
  }

  disconnect(from: Incarnation, id: Endpoint): void {
    const link = from.clientLinks.get(id)
    from.clientLinks.delete(id)
    const connection = link?.connection ?? from.connections.get(id)
    if (connection !== undefined) this.#close(connection, from)
  }

  isReachable(from: Incarnation, id: Endpoint): boolean {
    if (id > NODE_ID_MAX) {
      return from.connections.has(id) || from.clientLinks.get(id)?.connection !== undefined
    }
    const target = this.#world.member(id)
    if (target === undefined || target.incarnation === from || !target.isRunning) return false
    if (!knows(from, id)) return false
    return !this.isCut(from.process, target) && !this.isCut(target, from.process)
  }

  /** A process died: the other sides of its connections will notice. */
  hangUp(dead: Incarnation): void {
    for (const { incarnation } of this.#world.processes) incarnation?.heardFrom.delete(dead.process.nodeId)
    for (const connection of dead.connections.values()) this.#close(connection, dead)
    for (const link of dead.clientLinks.values()) {
      if (link.connection !== undefined) this.#close(link.connection, dead)
    }
  }

  #close(connection: Connection, by: Incarnation): void {
    if (!connection.isOpen) return
    connection.isOpen = false
    const { client, server } = connection
    server.connections.delete(connection.serverEndpoint)
    const link = client.clientLinks.get(connection.clientEndpoint)
    if (link?.connection === connection) link.connection = undefined
    if (by === server) this.#tellDisconnect(client, connection.clientEndpoint, server.process)
    else this.#tellDisconnect(server, connection.serverEndpoint, client.process)
  }

  #tellDisconnect(to: Incarnation, from: Endpoint, process: SimulatedProcess | undefined): void {
    if (to.isDead) return
    const delayUs = process === undefined ? 100 : this.#link(process, to.process).delayUs
    this.#world.schedule('disconnect', to, delayUs, () => {
      this.#world.record('disconnect', to.process.number)
      to.onDisconnect?.(from)
    })
  }

  #transmit(
    from: Incarnation,
    to: Incarnation,
    sender: Endpoint,
    connection: Connection | undefined,
    message: Uint8Array,
  ): SendOutcome {
    const size = message.length
    const queued = to.inboundBytes[from.process.number] ?? 0
    if (queued > 0 && queued + size > QUEUE_BYTES_MAX) return 'full'
    const link = this.#link(from.process, to.process)
    if (link.isCut) return 'accepted'
    const faults = this.#world.faults.network
    if (link.random.chance(faults.lossProbability)) return 'accepted'
    const check = checksum(message)
    const copies = link.random.chance(faults.duplicateProbability) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      to.inboundBytes[from.process.number] = (to.inboundBytes[from.process.number] ?? 0) + size
      this.#world.schedule('message', to, this.#delayUs(link), () => {
        to.inboundBytes[from.process.number]! -= size
        if (link.isCut || (from.isDead && from.outputLost)) return
        if (connection !== undefined && !connection.isOpen) return
        // Spelled out, so that the words are put together only when they are needed.
        if (checksum(message) !== check) {
          throw new AssertionError(`${from.process.name} left the bytes of a message alone after sending it`)
        }
        this.#world.recordMessage(to.process.number, from.process.number, check, message)
        if (connection === undefined) to.heardFrom.add(from.process.nodeId)
        // A copy, so that two processes never share bytes.
        to.onMessage?.(sender, this.#slab.copy(message))
      })
    }
    return 'accepted'
  }

  #delayUs(link: Link): number {
    const faults = this.#world.faults.network
    const now = this.#world.nowUs
    // Squared: mostly little, sometimes much.
    const luck = link.random.next()
    let arrival = now + link.delayUs + Math.ceil(luck * luck * faults.jitterMs * 1_000)
    if (link.random.chance(faults.reorderProbability)) {
      arrival += Math.ceil(link.random.next() * faults.reorderMs * 1_000)
    } else if (faults.reorderProbability === 0) {
      arrival = Math.max(arrival, link.lastArrivalUs)
    }
    arrival = Math.max(arrival, link.cloggedUntilUs)
    if (arrival > link.lastArrivalUs) link.lastArrivalUs = arrival
    return arrival - now
  }

  #setCut(from: SimulatedProcess, to: SimulatedProcess, isCut: boolean): void {
    const link = this.#link(from, to)
    if (link.isCut === isCut) return
    link.isCut = isCut
    this.#cuts += isCut ? 1 : -1
  }

  #link(from: SimulatedProcess, to: SimulatedProcess): Link {
    const key = from.number * 65_536 + to.number
    let link = this.#links.get(key)
    if (link === undefined) {
      const random = this.#random.fork(`${from.name} to ${to.name}`)
      const { min, max } = this.#world.faults.network.delayMs
      const delayUs = Math.max(1, Math.round(random.between(min, max) * 1_000))
      link = { delayUs, random, isCut: false, cloggedUntilUs: 0, lastArrivalUs: 0 }
      this.#links.set(key, link)
    }
    return link
  }
}

/** As on real sockets: what has an address, and what has dialed us. */
function knows({ peers, heardFrom }: Incarnation, node: number): boolean {
  if (peers === undefined || heardFrom.has(node)) return true
  return peers.get(node)?.includes(`node/${node}`) ?? false
}
