import { expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { type Endpoint, endpoint } from '../../runtime/network.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Request, RequestParcel, Response } from '../../wire/parcel/parcel.ts'
import { readParcels } from '../../wire/parcel/parcel-reader.ts'
import { ParcelWriter } from '../../wire/parcel/parcel-writer.ts'
import { RemoteTransport } from './remote-transport.ts'

/** Two nodes that answer when the test says so. */
class Nodes {
  readonly addresses = ['first:1', 'second:1']
  readonly transport: RemoteTransport
  #asked: { readonly address: string; readonly to: Endpoint; readonly parcel: RequestParcel }[] = []
  readonly #soon: (() => void)[] = []
  readonly #addressOf = new Map<Endpoint, string>()
  #deliver: (from: Endpoint, message: Uint8Array) => void = () => {}

  constructor() {
    const network: Runtime['network'] = {
      onMessage: (handler) => (this.#deliver = handler),
      onDisconnect: () => {},
      send: (to, message) => this.#receive(to, message),
      connect: (address) => {
        const id = endpoint(70_000 + this.#addressOf.size)
        this.#addressOf.set(id, address)
        return id
      },
      disconnect: (id) => void this.#addressOf.delete(id),
      setPeers: () => {},
      isReachable: (id) => this.#addressOf.has(id),
    }
    const clock = { monotonicMs: () => 0, wallMs: () => 0 }
    const timer = () => ({ cancel() {} })
    const soon = (run: () => void) => void this.#soon.push(run)
    this.transport = new RemoteTransport(
      { network, clock, timer, soon } as unknown as Runtime,
      this.addresses,
    )
  }

  /** What was asked since the last look, and of whom. */
  asked(): readonly string[] {
    for (const run of this.#soon.splice(0)) run()
    return this.#asked.map(({ address, parcel }) => `${parcel.request.kind} of ${address}`)
  }

  /** Answers the oldest request of a kind. */
  answer(kind: Request['kind'], response: Response): void {
    this.asked()
    const at = this.#asked.findIndex(({ parcel }) => parcel.request.kind === kind)
    const { to, parcel } = this.#asked.splice(at, 1)[0]!
    const writer = new ParcelWriter()
    writer.add({ type: 'response', id: parcel.id, response })
    this.#deliver(to, writer.take())
  }

  garble(): void {
    this.#deliver(this.#asked[0]!.to, new Uint8Array([99]))
    this.#asked = []
  }

  #receive(to: Endpoint, message: Uint8Array): 'accepted' | 'unreachable' {
    const address = this.#addressOf.get(to)
    if (address === undefined) return 'unreachable'
    readParcels(message, (parcel) => {
      if (parcel.type === 'request') this.#asked.push({ address, to, parcel })
    })
    return 'accepted'
  }
}

const page = (snapshot: number): Request => ({
  kind: 'range',
  from: utf8('a'),
  to: undefined,
  limit: 1,
  consistency: 'eventual',
  snapshot,
})
const rows = (snapshot: number): Response => ({
  status: 'rows',
  rows: [],
  next: snapshot === 0 ? undefined : utf8('b'),
  snapshot,
})
const secondLeads: Response = {
  status: 'json',
  json: JSON.stringify({ leader_id: 2, members: [{ node_id: 2, peer_address: 'second:1' }] }),
}

test('a range goes on at the node that holds its snapshot, also when the leader was found meanwhile', () => {
  const nodes = new Nodes()
  const ended: Response[] = []
  const ask = (request: Request) =>
    nodes.transport.request(request, 1_000, (response) => ended.push(response))
  ask(page(0))
  expect(nodes.asked()).toEqual(['range of first:1', 'status of first:1'])
  nodes.answer('range', rows(42))
  nodes.answer('status', secondLeads)

  ask(page(42))
  ask(page(0))
  expect(nodes.asked()).toEqual(['range of first:1', 'range of second:1'])
  nodes.answer('range', rows(0))
  nodes.answer('range', rows(0))
  expect(ended).toEqual([rows(42), rows(0), rows(0)])

  // The snapshot was let go with its last page: whoever leads tells.
  ask(page(42))
  expect(nodes.asked()).toEqual(['range of second:1'])
})

test('a node that spoke nonsense is dialed anew', () => {
  const nodes = new Nodes()
  const ended: Response[] = []
  const ask = () => nodes.transport.request(page(0), 1_000, (response) => ended.push(response))
  for (const address of ['first:1', 'second:1', 'first:1']) {
    ask()
    expect(nodes.asked()[0]).toBe(`range of ${address}`)
    nodes.garble()
  }
  expect(ended.map(({ status }) => status)).toEqual(['error', 'error', 'error'])
})
