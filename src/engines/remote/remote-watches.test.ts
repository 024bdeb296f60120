import { beforeEach, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { logIndex } from '../../foundation/ids.ts'
import { type Endpoint, endpoint } from '../../runtime/network.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { ChangeBatch } from '../../wire/parcel/change-batch.ts'
import type { ErrorResponse, Parcel } from '../../wire/parcel/parcel.ts'
import { readParcels } from '../../wire/parcel/parcel-reader.ts'
import { ParcelWriter } from '../../wire/parcel/parcel-writer.ts'
import { errorResponse } from '../client/error-response.ts'
import type { OpenWatch } from '../client/transport.ts'
import { leaderAddressIn } from './leader-address.ts'
import { RemoteTransport } from './remote-transport.ts'

/** Connections, and what was said on them. */
class Wire {
  readonly messages: { readonly to: string; readonly parcels: readonly Parcel[] }[] = []
  outcome: 'accepted' | 'full' | 'unreachable' = 'accepted'
  readonly #addresses: string[] = []
  readonly #soon: (() => void)[] = []
  #deliver: (from: Endpoint, message: Uint8Array) => void = () => {}
  #disconnected: (from: Endpoint) => void = () => {}

  readonly runtime = {
    network: {
      onMessage: (handler: (from: Endpoint, message: Uint8Array) => void) => (this.#deliver = handler),
      onDisconnect: (handler: (from: Endpoint) => void) => (this.#disconnected = handler),
      send: (to: Endpoint, message: Uint8Array) => {
        const parcels: Parcel[] = []
        readParcels(message, (parcel) => parcels.push(parcel))
        this.messages.push({ to: this.#addresses[to - 70_000]!, parcels })
        return this.outcome
      },
      connect: (address: string) => endpoint(70_000 + this.#addresses.push(address) - 1),
      disconnect: () => {},
      setPeers: () => {},
      isReachable: () => true,
    },
    clock: { monotonicMs: () => 0, wallMs: () => 0 },
    timer: () => ({ cancel() {} }),
    soon: (run: () => void) => void this.#soon.push(run),
  } as unknown as Runtime

  settle(): void {
    while (this.#soon.length > 0) this.#soon.shift()!()
  }

  /** A node says something. */
  say(from: string, parcel: Parcel): void {
    const writer = new ParcelWriter()
    writer.add(parcel)
    this.#deliver(endpoint(70_000 + this.#addresses.indexOf(from)), writer.take())
    this.settle()
  }

  hangUp(of: string): void {
    this.#disconnected(endpoint(70_000 + this.#addresses.indexOf(of)))
  }

  /** What was said since the last look, in short. */
  heard(): readonly string[] {
    this.settle()
    return this.messages.splice(0).map(({ to, parcels }) => `${to}: ${parcels.map(describe).join(', ')}`)
  }
}

function describe(parcel: Parcel): string {
  if (parcel.type === 'watch') return `#${parcel.id} up to ${parcel.allowedBytes}`
  if (parcel.type === 'request') return `${parcel.request.kind} #${parcel.id}`
  return parcel.type
}

const after = { history: 1, index: logIndex(1), ordinal: 0 }
const request = { kind: 'watch', from: utf8(''), to: undefined, after, windowBytes: 100 } as const
const empty = new ChangeBatch([], after)
const lost = errorResponse('unavailable', 'lost', { retryable: true })

let wire: Wire
let transport: RemoteTransport
let seen: string[]

beforeEach(() => {
  wire = new Wire()
  transport = new RemoteTransport(wire.runtime, ['first:1', 'second:1', 'third:1'])
  seen = []
})

const open = (name: string): OpenWatch =>
  transport.watch(
    request,
    (sequence) => seen.push(`${name} ${sequence}`),
    ({ code }: ErrorResponse) => seen.push(`${name} ${code}`),
  )

test('what a turn has for a node is one message, and a batch goes to each watch that it names', () => {
  const first = open('a')
  open('b')
  expect(wire.heard()).toEqual(['first:1: watch #1, watch #2'])
  const watches = [
    { id: 1, sequence: 1 },
    { id: 2, sequence: 7 },
  ]
  wire.say('first:1', { type: 'changes', watches, batch: empty })
  first.allow(300)
  expect(seen).toEqual(['a 1', 'b 7'])
  expect(wire.heard()).toEqual(['first:1: #1 up to 300'])
})

test('a watch that failed is opened elsewhere, and all that come after it', () => {
  open('a')
  open('b')
  wire.heard()
  wire.hangUp('first:1')
  expect(seen).toEqual(['a unavailable', 'b unavailable'])
  open('c')
  expect(wire.heard()).toEqual(['second:1: watch #3'])
  wire.say('second:1', { type: 'response', id: 3, response: lost })
  open('d').end(true)
  expect(wire.heard(), 'one that was silent is told that it is over').toEqual([
    'third:1: watch #4, #4 up to 0',
  ])
  open('e')
  expect(wire.heard()).toEqual(['first:1: watch #5'])
})

test('an error that no other node can mend leaves the node alone', () => {
  open('a')
  wire.heard()
  wire.say('first:1', { type: 'response', id: 1, response: errorResponse('compacted', 'old') })
  open('b')
  expect(wire.heard()).toEqual(['first:1: watch #2'])
  expect(seen).toEqual(['a compacted'])
})

test('a pinned client stays with its node', () => {
  transport = new RemoteTransport(wire.runtime, ['first:1', 'second:1'], { pinned: true })
  open('a')
  wire.heard()
  wire.hangUp('first:1')
  open('b')
  expect(wire.heard()).toEqual(['first:1: watch #2'])
})

test('a node that sends to a watch that is over hears so again', () => {
  const watch = open('a')
  watch.end()
  wire.heard()
  wire.say('first:1', { type: 'changes', watches: [{ id: 1, sequence: 1 }], batch: empty })
  expect(wire.heard()).toEqual(['first:1: #1 up to 0'])
  expect(seen).toEqual([])
})

test('a node that cannot be reached, or takes no more, ends its watches', () => {
  wire.outcome = 'unreachable'
  open('a')
  wire.settle()
  wire.outcome = 'full'
  open('b')
  wire.settle()
  transport.close()
  open('c')
  expect(seen).toEqual(['a unavailable', 'b overloaded', 'c closed'])
})

test.each([
  ['', undefined],
  ['no JSON', undefined],
  ['null', undefined],
  ['[]', undefined],
  ['{"leader_id":1}', undefined],
  ['{"leader_id":1,"members":7}', undefined],
  ['{"leader_id":1,"members":[null,{"node_id":1}]}', undefined],
  ['{"leader_id":null,"members":[{"node_id":1,"peer_address":"a:1"}]}', undefined],
  ['{"leader_id":1,"members":[{"node_id":1,"peer_address":5}]}', undefined],
  [
    '{"leader_id":2,"members":[{"node_id":1,"peer_address":"a:1"},{"node_id":2,"peer_address":"b:1"}]}',
    'b:1',
  ],
])('the status %j says that the leader is at %s', (status, address) => {
  expect(leaderAddressIn(status)).toBe(address)
})
