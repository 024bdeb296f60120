import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { DureError, type ErrorCode } from '../../foundation/errors.ts'
import { groupId, logIndex, nodeId, term } from '../../foundation/ids.ts'
import type { Version } from '../../ports/key-value/version.ts'
import type { Entry } from '../../protocols/raft/entry.ts'
import type { Membership } from '../../protocols/raft/membership.ts'
import type { Message } from '../../protocols/raft/message.ts'
import {
  anyBytes,
  anyCommandResult,
  anyMutation,
  anyNumber,
  anyText,
  anyVersion,
} from '../testing/command-arbitraries.ts'
import { ChangeBatch } from './change-batch.ts'
import type { Parcel, Request, Response, WireChange } from './parcel.ts'
import { readParcels } from './parcel-reader.ts'
import { ParcelWriter } from './parcel-writer.ts'

const constant = <const Value>(value: Value) => fc.constant(value)
const anyIndex = anyNumber.map(logIndex)
const anyTerm = anyNumber.map(term)
const anyNodes = fc.array(anyNumber.map(nodeId), { maxLength: 5 })
const anyMembership: fc.Arbitrary<Membership> = fc.record({
  voters: anyNodes,
  votersOutgoing: anyNodes,
  learners: anyNodes,
  learnersNext: anyNodes,
  autoLeave: fc.boolean(),
})
const anyEntry: fc.Arbitrary<Entry> = fc.record({
  index: anyIndex,
  term: anyTerm,
  kind: fc.constantFrom('command' as const, 'membership' as const, 'no-op' as const),
  data: anyBytes,
})
const consecutiveEntries: fc.Arbitrary<Entry[]> = fc
  .tuple(fc.nat({ max: 300 }), fc.array(anyEntry, { maxLength: 8 }))
  .map(([first, entries]) =>
    entries.map((entry, i) => ({ ...entry, index: logIndex(first + i), term: term(i >> 1) })),
  )
const envelope = { from: anyNumber.map(nodeId), to: anyNumber.map(nodeId), term: anyTerm }

const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    type: constant('vote-request'),
    ...envelope,
    preVote: fc.boolean(),
    lastLogIndex: anyIndex,
    lastLogTerm: anyTerm,
    transfer: fc.boolean(),
  }),
  fc.record({
    type: constant('vote-response'),
    ...envelope,
    preVote: fc.boolean(),
    granted: fc.boolean(),
    commitIndex: anyIndex,
    commitTerm: anyTerm,
  }),
  fc.record({
    type: constant('append-request'),
    ...envelope,
    previousLogIndex: anyIndex,
    previousLogTerm: anyTerm,
    commitIndex: anyIndex,
    entries: fc.oneof(consecutiveEntries, fc.array(anyEntry, { maxLength: 5 })),
  }),
  fc.record({
    type: constant('append-response'),
    ...envelope,
    accepted: fc.boolean(),
    matchIndex: anyIndex,
    hintIndex: anyIndex,
    hintTerm: anyTerm,
  }),
  fc.record({ type: constant('heartbeat'), ...envelope, commitIndex: anyIndex, readContext: anyNumber }),
  fc.record({ type: constant('heartbeat-response'), ...envelope, readContext: anyNumber }),
  fc.record({
    type: constant('snapshot-chunk'),
    ...envelope,
    meta: fc.record({ index: anyIndex, term: anyTerm, membership: anyMembership }),
    chunk: anyNumber,
    last: fc.boolean(),
    bytes: anyBytes,
  }),
  fc.record({
    type: constant('snapshot-response'),
    ...envelope,
    index: anyIndex,
    nextChunk: anyNumber,
    installed: fc.boolean(),
  }),
  fc.record({ type: constant('timeout-now'), ...envelope }),
)

const anyConsistency = fc.constantFrom('strong' as const, 'eventual' as const)
const optionalBytes = fc.option(anyBytes, { nil: undefined })
const anyPlace = fc.record({ history: anyNumber, index: anyIndex, ordinal: anyNumber })
const anyChange = fc.record({ key: anyBytes, value: optionalBytes, entries: fc.nat({ max: 2 }) })
/** In the order of the log, as a feed gives them. */
const anyBatch: fc.Arbitrary<ChangeBatch> = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.array(anyChange, { maxLength: 6 }), fc.nat({ max: 200 }))
  .map(([first, drawn, later]) => {
    let version = first
    let ordinal = 0
    const changes = drawn.map(({ key, value, entries }): WireChange => {
      version += entries
      ordinal = entries > 0 ? 1 : ordinal + 1
      return { key, value, version: version as Version, ordinal }
    })
    return new ChangeBatch(changes, { index: logIndex(version + later), ordinal })
  })
const anyRequest: fc.Arbitrary<Request> = fc.oneof(
  fc.record({ kind: constant('command'), command: anyBytes }),
  fc.record({ kind: constant('get'), key: anyBytes, consistency: anyConsistency }),
  fc.record({
    kind: constant('range'),
    from: anyBytes,
    to: optionalBytes,
    limit: anyNumber,
    consistency: anyConsistency,
    snapshot: anyNumber,
  }),
  fc.record({ kind: constant('end-range'), snapshot: anyNumber }),
  fc.record({ kind: constant('status') }),
  fc.record({ kind: constant('cursor') }),
  fc.record({
    kind: constant('watch'),
    from: anyBytes,
    to: optionalBytes,
    after: anyPlace,
    windowBytes: anyNumber,
  }),
  fc.record({
    kind: constant('member'),
    change: fc.constantFrom('add' as const, 'announce' as const, 'promote' as const, 'remove' as const),
    node: anyNumber.map(nodeId),
    peerAddress: anyText,
    httpAddress: anyText,
    force: fc.boolean(),
  }),
)

const errorCodes: Record<ErrorCode, true> = {
  aborted: true,
  closed: true,
  compacted: true,
  'comparison-failed': true,
  corrupt: true,
  'data-directory': true,
  disk: true,
  forgotten: true,
  invalid: true,
  'lease-lost': true,
  'not-leader': true,
  overloaded: true,
  protocol: true,
  removed: true,
  'session-expired': true,
  'snapshot-expired': true,
  timeout: true,
  unavailable: true,
  unsupported: true,
  'wrong-cluster': true,
}
const anyResponse: fc.Arbitrary<Response> = fc.oneof(
  fc.record({ status: constant('command'), result: anyCommandResult }),
  fc.record({ status: constant('value'), value: optionalBytes, version: anyVersion }),
  fc.record({
    status: constant('rows'),
    rows: fc.array(fc.record({ key: anyBytes, value: anyBytes, version: anyVersion }), { maxLength: 5 }),
    next: optionalBytes,
    snapshot: anyNumber,
  }),
  fc.record({ status: constant('cursor'), place: anyPlace }),
  fc.record({ status: constant('done') }),
  fc.record({ status: constant('json'), json: anyText }),
  fc.record({
    status: constant('error'),
    code: fc.constantFrom(...(Object.keys(errorCodes) as ErrorCode[])),
    outcome: fc.constantFrom('failed' as const, 'unknown' as const),
    retryable: fc.boolean(),
    retryAfterMs: anyNumber,
    message: anyText,
    leader: anyNumber,
    leaderAddress: anyText,
  }),
)

const anyParcel: fc.Arbitrary<Parcel> = fc.oneof(
  fc.record({ type: constant('raft'), group: anyNumber.map(groupId), message: anyMessage }),
  fc.record({
    type: constant('request'),
    id: anyNumber,
    group: anyNumber.map(groupId),
    timeoutMs: anyNumber,
    hops: fc.nat({ max: 1 }),
    request: anyRequest,
  }),
  fc.record({ type: constant('response'), id: anyNumber, response: anyResponse }),
  fc.record({
    type: constant('changes'),
    watches: fc.array(fc.record({ id: anyNumber, sequence: anyNumber }), { maxLength: 3 }),
    batch: anyBatch,
  }),
  fc.record({
    type: constant('watch'),
    group: anyNumber.map(groupId),
    id: anyNumber,
    allowedBytes: anyNumber,
  }),
)

function write(parcels: readonly Parcel[], writer = new ParcelWriter()): Uint8Array {
  for (const parcel of parcels) writer.add(parcel)
  expect(writer.isEmpty).toBe(parcels.length === 0)
  return writer.take()
}

function read(message: Uint8Array): Parcel[] {
  const parcels: Parcel[] = []
  readParcels(message, (parcel) => parcels.push(parcel))
  return parcels
}

describe('parcels', () => {
  it('come back from their message, in order, one message after another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyParcel, { minLength: 1, maxLength: 6 }), { maxLength: 4 }),
        (turns) => {
          const writer = new ParcelWriter()
          const messages = turns.map((parcels) => write(parcels, writer))
          expect(messages.map(read)).toEqual(turns)
        },
      ),
      { numRuns: 600 },
    )
  })

  it('hold views of the message, also when it came from a socket', () => {
    const message = Buffer.from(
      write([
        { type: 'response', id: 1, response: { status: 'value', value: utf8('abc'), version: 1 as Version } },
      ]),
    )
    const [parcel] = read(message)
    message[message.length - 1] = 'd'.charCodeAt(0)
    expect(parcel).toMatchObject({ response: { value: utf8('abd') } })
  })

  it('with a deadline that is not whole carry it rounded up, never below zero', () => {
    const request = (timeoutMs: number): Parcel => ({
      type: 'request',
      id: 1,
      group: groupId(0),
      timeoutMs,
      hops: 0,
      request: { kind: 'status' },
    })
    expect(read(write([request(12.25), request(-3)]))).toEqual([request(13), request(0)])
  })

  it('made wrong end in a protocol error and never in anything else', () => {
    const real = fc
      .array(anyParcel, { minLength: 1, maxLength: 4 })
      .chain((parcels) => anyMutation(write(parcels)))
    fc.assert(fc.property(real, expectProtocolErrorOrParcels), { numRuns: 4_000 })
    const kinds = fc.constantFrom(
      0,
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      9,
      10,
      31,
      32,
      33,
      34,
      35,
      36,
      37,
      38,
      39,
      47,
      48,
      49,
      63,
      64,
      65,
      66,
      67,
      68,
      69,
      70,
      71,
      72,
      73,
      255,
    )
    const random = fc
      .tuple(kinds, fc.uint8Array({ maxLength: 60 }))
      .map(([kind, rest]) => Uint8Array.of(1, kind, ...rest))
    fc.assert(fc.property(random, expectProtocolErrorOrParcels), { numRuns: 4_000 })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), expectProtocolErrorOrParcels))
  })

  it('name what was found and where', () => {
    expect(() => read(Uint8Array.of())).toThrow('expected a byte, found the end at offset 0 of 0 bytes')
    expect(() => read(Uint8Array.of(2))).toThrow('expected format 1, found 2 at offset 0 of 1 bytes')
    expect(() => read(Uint8Array.of(1, 200, 7))).toThrow(
      'expected a kind of parcel, found 200 at offset 1 of 3 bytes',
    )
    expect(() => read(Uint8Array.of(1, 20, 0))).toThrow(
      'expected a kind of parcel, found 20 at offset 1 of 3 bytes',
    )
  })

  it('before a malformed one are handed over', () => {
    const message = Uint8Array.of(...write([{ type: 'response', id: 7, response: { status: 'done' } }]), 99)
    const parcels: Parcel[] = []
    expect(() => readParcels(message, (parcel) => parcels.push(parcel))).toThrow(DureError)
    expect(parcels).toHaveLength(1)
  })
})

function expectProtocolErrorOrParcels(message: Uint8Array): void {
  try {
    const parcels = read(message)
    // What can be read can be written and read again, to the same parcels.
    if (parcels.length > 0) expect(read(write(parcels))).toEqual(parcels)
  } catch (error) {
    if (!(error instanceof DureError)) throw error
    expect(error.code).toBe('protocol')
  }
}
