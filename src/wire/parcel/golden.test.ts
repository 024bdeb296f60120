import { describe, expect, it } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { groupId, logIndex, nodeId, term } from '../../foundation/ids.ts'
import type { Version } from '../../ports/key-value/version.ts'
import type { Message } from '../../protocols/raft/message.ts'
import { ChangeBatch } from './change-batch.ts'
import type { Parcel, Request, Response } from './parcel.ts'
import { ParcelWriter } from './parcel-writer.ts'

function write(parcel: Parcel): Uint8Array {
  const writer = new ParcelWriter()
  writer.add(parcel)
  return writer.take()
}

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
    expect(Buffer.from(write(parcel)).toString('hex')).toBe(bytes.replaceAll(' ', ''))
  })
})
