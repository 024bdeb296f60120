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
import { ChangeBatch, decodeChangeBatch } from './change-batch.ts'
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

describe('a batch of changes', () => {
  const change = (version: number, ordinal: number): WireChange => ({
    key: utf8('k'),
    value: utf8('v'),
    version: version as Version,
    ordinal,
  })
  const encoded = (changes: WireChange[], upTo: number) =>
    new ChangeBatch(changes, { index: logIndex(upTo), ordinal: 0 }).encoded

  it('is encoded once, however many watchers it is for', () => {
    const batch = new ChangeBatch([change(1, 1)], { index: logIndex(2), ordinal: 0 })
    expect(batch.encoded).toBe(batch.encoded)
  })

  it.each([
    ['comes twice', encoded([change(4, 1), change(4, 1)], 9)],
    ['goes back', encoded([change(4, 2), change(4, 1)], 9)],
    ['goes back by an entry', encoded([change(5, 1), change(4, 1)], 9)],
    ['lies beyond the end', encoded([change(9, 1)], 9)],
    ['has no number', encoded([change(4, 0)], 9)],
  ])('is refused when a change %s', (_what, bytes) => {
    expect(() => decodeChangeBatch(bytes)).toThrow('malformed batch of changes: expected a change after')
  })
})

describe('the bytes of a message', () => {
  const base = { from: nodeId(1), to: nodeId(2), term: term(3) }
  const raft = (message: Message): Parcel => ({ type: 'raft', group: groupId(4), message })
  const request = (body: Request): Parcel => ({
    type: 'request',
    id: 300,
    group: groupId(4),
    timeoutMs: 5_000,
    hops: 1,
    request: body,
  })
  const response = (body: Response): Parcel => ({ type: 'response', id: 300, response: body })
  const index = logIndex
  const examples: readonly [Parcel, string][] = [
    [
      raft({
        type: 'vote-request',
        ...base,
        preVote: true,
        lastLogIndex: index(200),
        lastLogTerm: term(2),
        transfer: false,
      }),
      '01 01 04 01 02 03 01 c801 02',
    ],
    [
      raft({
        type: 'vote-response',
        ...base,
        preVote: false,
        granted: true,
        commitIndex: index(200),
        commitTerm: term(2),
      }),
      '01 02 04 01 02 03 02 c801 02',
    ],
    [
      raft({
        type: 'append-request',
        ...base,
        previousLogIndex: index(9),
        previousLogTerm: term(2),
        commitIndex: index(8),
        entries: [
          { index: index(10), term: term(2), kind: 'command', data: utf8('c') },
          { index: index(11), term: term(3), kind: 'no-op', data: utf8('') },
          { index: index(12), term: term(3), kind: 'membership', data: utf8('m') },
        ],
      }),
      '01 03 04 01 02 03 09 02 08 03 00 01 63 0a 03 00 01 01 6d',
    ],
    [
      raft({
        type: 'append-response',
        ...base,
        accepted: true,
        matchIndex: index(9),
        hintIndex: index(0),
        hintTerm: term(0),
      }),
      '01 04 04 01 02 03 01 09 00 00',
    ],
    [raft({ type: 'heartbeat', ...base, commitIndex: index(9), readContext: 5 }), '01 05 04 01 02 03 09 05'],
    [raft({ type: 'heartbeat-response', ...base, readContext: 5 }), '01 06 04 01 02 03 05'],
    [
      raft({
        type: 'snapshot-chunk',
        ...base,
        meta: {
          index: index(9),
          term: term(2),
          membership: {
            voters: [nodeId(1), nodeId(2)],
            votersOutgoing: [nodeId(3)],
            learners: [],
            learnersNext: [nodeId(4)],
            autoLeave: true,
          },
        },
        chunk: 6,
        last: true,
        bytes: utf8('s'),
      }),
      '01 07 04 01 02 03 09 02 01 02 01 02 01 03 00 01 04 06 01 01 73',
    ],
    [
      raft({ type: 'snapshot-response', ...base, index: index(9), nextChunk: 6, installed: false }),
      '01 08 04 01 02 03 09 06 00',
    ],
    [raft({ type: 'timeout-now', ...base }), '01 09 04 01 02 03'],
    [request({ kind: 'command', command: utf8('c') }), '01 20 ac02 04 8827 01 01 63'],
    [request({ kind: 'get', key: utf8('k'), consistency: 'strong' }), '01 21 ac02 04 8827 01 01 01 6b'],
    [
      request({
        kind: 'range',
        from: utf8('a'),
        to: utf8('b'),
        limit: 10,
        consistency: 'eventual',
        snapshot: 0,
      }),
      '01 22 ac02 04 8827 01 02 01 61 01 62 0a 00',
    ],
    [request({ kind: 'end-range', snapshot: 3 }), '01 23 ac02 04 8827 01 03'],
    [request({ kind: 'status' }), '01 24 ac02 04 8827 01'],
    [request({ kind: 'cursor' }), '01 25 ac02 04 8827 01'],
    [
      request({
        kind: 'watch',
        from: utf8('a'),
        to: utf8('b'),
        after: { history: 200, index: index(9), ordinal: 2 },
        windowBytes: 300,
      }),
      '01 26 ac02 04 8827 01 01 61 01 01 62 c801 09 02 ac02',
    ],
    [
      request({
        kind: 'member',
        change: 'promote',
        node: nodeId(6),
        peerAddress: 'a:1',
        httpAddress: '',
        force: true,
      }),
      '01 2c ac02 04 8827 01 02 06 03 61 3a 31 00 01',
    ],
    [{ type: 'watch', group: groupId(4), id: 300, allowedBytes: 200 }, '01 30 04 ac02 c801'],
    [response({ status: 'command', result: { kind: 'overloaded' } }), '01 40 ac02 06'],
    [response({ status: 'value', value: utf8('v'), version: 9 as Version }), '01 41 ac02 09 01 76'],
    [response({ status: 'value', value: undefined, version: 0 as Version }), '01 42 ac02 00'],
    [
      response({
        status: 'rows',
        rows: [{ key: utf8('k'), value: utf8('v'), version: 9 as Version }],
        next: utf8('n'),
        snapshot: 3,
      }),
      '01 43 ac02 01 01 6b 09 01 76 01 01 6e 03',
    ],
    [response({ status: 'done' }), '01 44 ac02'],
    [
      response({ status: 'cursor', place: { history: 200, index: index(9), ordinal: 2 } }),
      '01 47 ac02 c801 09 02',
    ],
    [
      {
        type: 'changes',
        watches: [
          { id: 300, sequence: 5 },
          { id: 301, sequence: 200 },
        ],
        batch: new ChangeBatch(
          [
            { key: utf8('k'), value: utf8('v'), version: 8 as Version, ordinal: 1 },
            { key: utf8('l'), value: undefined, version: 8 as Version, ordinal: 2 },
          ],
          { index: index(9), ordinal: 0 },
        ),
      },
      '01 31 02 ac02 05 ad02 c801 0f 09 00 02 08 01 01 6b 01 01 76 08 02 01 6c 00',
    ],
    [response({ status: 'json', json: '{}' }), '01 45 ac02 02 7b7d'],
    [
      response({
        status: 'error',
        code: 'not-leader',
        outcome: 'unknown',
        retryable: true,
        retryAfterMs: 50,
        message: 'no',
        leader: 2,
        leaderAddress: 'h:1',
      }),
      '01 46 ac02 09 03 32 02 6e6f 02 03 683a31',
    ],
  ]

  it.each(examples)('are fixed for %o', (parcel, bytes) => {
    expect(Buffer.from(write([parcel])).toString('hex')).toBe(bytes.replaceAll(' ', ''))
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
