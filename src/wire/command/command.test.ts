import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import { leaseId, sessionId } from '../../foundation/ids.ts'
import type { FencingToken } from '../../ports/key-value/lease.ts'
import { limits } from '../../ports/key-value/limits.ts'
import { absent, type Version } from '../../ports/key-value/version.ts'
import { anyCommand, anyCommandResult, anyMutation } from '../testing/command-arbitraries.ts'
import { checkCommand, validateCommand } from './check.ts'
import { decodeCommand, encodeCommand } from './codec.ts'
import type { Command, CommandResult, CommitCommand } from './command.ts'
import { KEEP_LEASES_MAX } from './format.ts'
import { readLogTime, stampLogTime } from './log-time.ts'
import { decodeCommandResult, encodeCommandResult } from './result-codec.ts'
import { UnknownCommand } from './unknown-command.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const commit = (changes: Partial<CommitCommand>): CommitCommand => ({
  kind: 'commit',
  logTimeMs: 0,
  session: sessionId(0),
  sequence: 0,
  lowWater: 0,
  idempotencyKey: '',
  comparisons: [],
  operations: [],
  ...changes,
})

describe('a command', () => {
  it('comes back from its bytes', () => {
    fc.assert(
      fc.property(anyCommand, (command) => {
        expect(decodeCommand(encodeCommand(command))).toEqual(command)
      }),
      { numRuns: 500 },
    )
  })

  it('has these bytes', () => {
    expect(hex(encodeCommand({ kind: 'open-session', logTimeMs: 0x0102_0304_0506 }))).toBe('0101060504030201')
    const command = commit({
      logTimeMs: 1,
      session: sessionId(300),
      sequence: 7,
      lowWater: 5,
      idempotencyKey: 'i',
      comparisons: [{ key: utf8('a'), version: absent }],
      operations: [
        { kind: 'put', key: utf8('a'), value: utf8('xy') },
        { kind: 'delete', key: utf8('b') },
      ],
    })
    expect(hex(encodeCommand(command))).toBe('0102010000000000ac0207050169010161000201016102787902' + '0162')
  })

  it('about leases and time has these bytes', () => {
    const logTimeMs = 1
    const session = sessionId(300)
    const examples: readonly [Command, string][] = [
      [
        { kind: 'grant-lease', logTimeMs, session, sequence: 7, lowWater: 5, ttlMs: 10_000 },
        '0103010000000000ac020705904e',
      ],
      [{ kind: 'keep-leases', logTimeMs, leases: [leaseId(5), leaseId(200)] }, '01040100000000000205c801'],
      [{ kind: 'end-lease', logTimeMs, lease: leaseId(200) }, '0105010000000000c801'],
      [{ kind: 'advance-time', logTimeMs }, '0106010000000000'],
    ]
    for (const [command, bytes] of examples) expect(hex(encodeCommand(command))).toBe(bytes)
    const operations = [
      { kind: 'put', key: utf8('a'), value: utf8('x'), ttlMs: 200 },
      { kind: 'put', key: utf8('b'), value: utf8('y'), lease: leaseId(9) },
    ] as const
    expect(hex(encodeCommand(commit({ operations })))).toBe(
      '0102000000000000' + '0000000000' + '02' + '0301610178c801' + '040162017909',
    )
  })

  it('is stamped in place with the time of the log', () => {
    const command = commit({ operations: [{ kind: 'put', key: utf8('k'), value: utf8('v') }] })
    const encoded = encodeCommand(command)
    for (const [stamped, read] of [
      [1_763_632_000_123, 1_763_632_000_123],
      [12.75, 12],
      [-5, 0],
    ] as const) {
      stampLogTime(encoded, stamped)
      expect(readLogTime(encoded)).toBe(read)
      expect(decodeCommand(encoded)).toEqual({ ...command, logTimeMs: read })
    }
  })

  it('made wrong ends in a protocol error or in the one command with these bytes', () => {
    fc.assert(
      fc.property(
        anyCommand.chain((command) => anyMutation(encodeCommand(command))),
        (bytes) => {
          expectProtocolErrorOrSame(bytes, (malformed) => encodeCommand(decodeCommand(malformed)))
        },
      ),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expectProtocolErrorOrSame(bytes, (malformed) => encodeCommand(decodeCommand(malformed)))
      }),
    )
  })

  it('of an unknown format, kind or operation is refused by name, and told apart from malformed bytes', () => {
    const operation = encodeCommand(commit({ operations: [{ kind: 'delete', key: utf8('k') }] }))
    operation[operation.length - 3] = 5
    const written: [string, Uint8Array][] = [
      ['the format 9 (at offset 0)', Uint8Array.of(9, 1, 0, 0, 0, 0, 0, 0)],
      ['the kind 77 (at offset 1)', Uint8Array.of(1, 77, 0, 0, 0, 0, 0, 0)],
      ['the operation 5 (at offset 14)', operation],
    ]
    for (const read of [decodeCommand, checkCommand]) {
      for (const [what, bytes] of written) {
        const error = errorOf(() => read(bytes))
        expect(error).toBeInstanceOf(UnknownCommand)
        expect(error).toMatchObject({ code: 'protocol', message: expect.stringContaining(what) })
      }
      const malformed = errorOf(() => read(operation.subarray(0, 12)))
      expect(malformed).toMatchObject({ code: 'protocol' })
      expect(malformed).not.toBeInstanceOf(UnknownCommand)
    }
  })
})

describe('the limits of a command', () => {
  const put = (key: Uint8Array, value = new Uint8Array(0)) => ({ kind: 'put', key, value }) as const
  const keys = (count: number) => Array.from({ length: count }, (_, i) => utf8(`key-${i}`))
  const big = new Uint8Array(limits.valueBytesMax)
  const timed = { logTimeMs: 0, session: sessionId(1), sequence: 1, lowWater: 1 }
  const grant = (ttlMs: number): Command => ({ kind: 'grant-lease', ...timed, ttlMs })
  const keep = (count: number): Command => ({
    kind: 'keep-leases',
    logTimeMs: 0,
    leases: Array.from({ length: count }, () => leaseId(1)),
  })
  const accepted: readonly [string, Command][] = [
    ['the shortest lease', grant(limits.ttlMsMin)],
    ['the longest lease', grant(limits.ttlMsMax)],
    ['as many keep-alives as are allowed', keep(KEEP_LEASES_MAX)],
    ['the shortest time to live', commit({ operations: [{ ...put(utf8('a')), ttlMs: limits.ttlMsMin }] })],
    ['nothing at all', commit({})],
    ['the largest key and value', commit({ operations: [put(new Uint8Array(1_024), big)] })],
    ['as many operations as are allowed', commit({ operations: keys(128).map((key) => put(key)) })],
    ['the longest idempotency key', commit({ idempotencyKey: '가'.repeat(128) })],
    ['keys that differ in their last byte', commit({ operations: [put(utf8('aa')), put(utf8('ab'))] })],
  ]
  const refused: readonly [string, Command, RegExp][] = [
    ['a lease too short', grant(99), /ttlMs is 99: use a whole number of milliseconds from 100 to/],
    ['a lease too long', grant(limits.ttlMsMax + 1), /from 100 to 31536000000/],
    ['too many keep-alives', keep(KEEP_LEASES_MAX + 1), /10001 leases are to be kept at once: at most 10000/],
    ['a time to live too short', commit({ operations: [{ ...put(utf8('a')), ttlMs: 99 }] }), /ttlMs is 99/],
    ['an empty key', commit({ operations: [put(utf8(''))] }), /key is empty: keys have 1 to 1024 bytes/],
    [
      'an empty key that is compared',
      commit({ comparisons: [{ key: utf8(''), version: absent }] }),
      /key is empty/,
    ],
    [
      'a key too long',
      commit({ operations: [put(new Uint8Array(1_025))] }),
      /key has 1025 bytes: keys have 1 to 1024/,
    ],
    [
      'a value too long',
      commit({ operations: [put(utf8('k'), new Uint8Array((1 << 20) + 1))] }),
      /value has 1048577 .* 1048576/,
    ],
    [
      'too many operations',
      commit({ operations: keys(129).map((key) => put(key)) }),
      /129 operations: at most 128/,
    ],
    [
      'too many comparisons',
      commit({ comparisons: keys(129).map((key) => ({ key, version: absent })) }),
      /129 comparisons: at most 128/,
    ],
    [
      'too many bytes together',
      commit({ operations: keys(2).map((key) => put(key, big)) }),
      /2097162 bytes: at most 2097152/,
    ],
    [
      'an idempotency key too long',
      commit({ idempotencyKey: 'i'.repeat(129) }),
      /129 characters: at most 128/,
    ],
    [
      'a key that is written twice',
      commit({ operations: [put(utf8('a')), put(utf8('b')), { kind: 'delete', key: utf8('a') }] }),
      /operations 1 and 3 of the commit have the same key/,
    ],
  ]

  it.each(accepted)('let pass %s', (_, command) => {
    validateCommand(command)
    checkCommand(encodeCommand(command))
  })

  it.each(refused)('refuse %s, saying the limit', (_, command, message) => {
    expect(errorOf(() => validateCommand(command))).toMatchObject({ code: 'invalid', outcome: 'failed' })
    expect(() => validateCommand(command)).toThrow(message)
    expect(() => checkCommand(encodeCommand(command))).toThrow(message)
  })

  it('are the same for a command and for its bytes', () => {
    fc.assert(
      fc.property(anyCommand, (command) => {
        const messageOf = (check: () => void) => errorOf(check)?.message
        expect(messageOf(() => checkCommand(encodeCommand(command)))).toBe(
          messageOf(() => validateCommand(command)),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('are never passed by bytes that do not decode', () => {
    fc.assert(
      fc.property(
        anyCommand.chain((command) => anyMutation(encodeCommand(command))),
        (bytes) => {
          const error = errorOf(() => checkCommand(bytes))
          if (error === undefined) decodeCommand(bytes)
          else expect(['protocol', 'invalid']).toContain(error.code)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('a result', () => {
  const examples: readonly [CommandResult, string][] = [
    [{ kind: 'session-opened', session: sessionId(5) }, '010105'],
    [{ kind: 'committed', version: 200 as Version, existed: [true, false, true] }, '0102c8010305'],
    [{ kind: 'comparison-failed', found: [absent, 1 as Version] }, '0103020001'],
    [{ kind: 'session-expired' }, '0104'],
    [{ kind: 'token-reused' }, '0105'],
    [{ kind: 'overloaded' }, '0106'],
    [{ kind: 'invalid', message: 'no' }, '0107026e6f'],
    [{ kind: 'lease-granted', lease: leaseId(9), token: 9 as FencingToken }, '01080909'],
    [{ kind: 'leases-kept', kept: [false, true] }, '01090202'],
    [{ kind: 'lease-ended', existed: true }, '010a01'],
    [{ kind: 'lease-gone', lease: leaseId(9) }, '010b09'],
    [{ kind: 'time-advanced' }, '010c'],
    [{ kind: 'lease-full', lease: leaseId(9) }, '010d09'],
    [{ kind: 'too-many-leases' }, '010e'],
  ]

  it.each(examples)('%o has the bytes %s', (result, bytes) => {
    expect(hex(encodeCommandResult(result))).toBe(bytes)
  })

  it('comes back from its bytes', () => {
    fc.assert(
      fc.property(anyCommandResult, (result) => {
        expect(decodeCommandResult(encodeCommandResult(result))).toEqual(result)
      }),
      { numRuns: 300 },
    )
  })

  it('made wrong ends in a protocol error or in the one result with these bytes', () => {
    fc.assert(
      fc.property(
        anyCommandResult.chain((result) => anyMutation(encodeCommandResult(result))),
        (bytes) => {
          expectProtocolErrorOrSame(bytes, (malformed) => encodeCommandResult(decodeCommandResult(malformed)))
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

function expectProtocolErrorOrSame(
  bytes: Uint8Array,
  decodeAndEncode: (bytes: Uint8Array) => Uint8Array,
): void {
  try {
    expect(decodeAndEncode(bytes)).toEqual(bytes)
  } catch (error) {
    if (!(error instanceof DureError)) throw error
    expect(error.code).toBe('protocol')
  }
}

function errorOf(run: () => void): DureError | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof DureError) return error
    throw error
  }
}
