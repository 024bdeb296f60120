import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import type { DureError } from '../../../foundation/errors.ts'
import { sessionId } from '../../../foundation/ids.ts'
import { absent, versionFromNumber } from '../../../ports/key-value/version.ts'
import { decodeCommand, encodeCommand } from '../../../wire/command/codec.ts'
import type { Command, CommandResult } from '../../../wire/command/command.ts'
import { ADVANCE_TIME, COMMAND_FORMAT, OPEN_SESSION } from '../../../wire/command/format.ts'
import { UnknownCommand } from '../../../wire/command/unknown-command.ts'
import { IDEMPOTENCY_KEEP_MS } from './idempotency.ts'
import { SESSION_IDLE_MS_MAX } from './sessions.ts'
import { commit, Machine, openSession, put } from './testing/machine.ts'

test('a version is the index of the entry that wrote the key', () => {
  const machine = new Machine()
  expect(machine.apply(commit({ operations: [put('a', '1')] }))).toEqual({
    kind: 'committed',
    version: 1,
    existed: [false],
  })
  expect(machine.apply(commit({ operations: [put('a', '2')] }))).toEqual({
    kind: 'committed',
    version: 2,
    existed: [true],
  })
  expect(machine.machine.get(utf8('a'))).toMatchObject({ exists: true, version: 2 })
})

test('a comparison that fails changes nothing and tells what was found', () => {
  const machine = new Machine()
  machine.apply(commit({ operations: [put('a', '1')] }))
  const comparisons = [
    { key: utf8('a'), version: versionFromNumber(9) },
    { key: utf8('b'), version: absent },
  ]
  expect(machine.apply(commit({ comparisons, operations: [put('a', '2'), put('b', '2')] }))).toEqual({
    kind: 'comparison-failed',
    found: [1, 0],
  })
  expect([machine.read('a'), machine.read('b')]).toEqual(['1', undefined])
})

test('a retry is answered by the first response, a failed comparison included', () => {
  const machine = new Machine()
  machine.apply(openSession())
  const session = sessionId(1)
  const write = commit({ session, sequence: 1, lowWater: 1, operations: [put('a', '1')] })
  const first = machine.apply(write)
  const refusal = commit({
    session,
    sequence: 2,
    lowWater: 1,
    comparisons: [{ key: utf8('a'), version: absent }],
    operations: [put('a', '2')],
  })
  const refused = machine.apply(refusal)
  machine.apply(commit({ operations: [{ kind: 'delete', key: utf8('a') }] }))
  expect(machine.apply(write)).toEqual(first)
  expect(machine.apply(refusal)).toEqual(refused)
  expect(machine.read('a')).toBeUndefined()
})

test('below the low-water mark nothing runs again', () => {
  const machine = new Machine()
  machine.apply(openSession())
  const session = sessionId(1)
  machine.apply(commit({ session, sequence: 1, lowWater: 1, operations: [put('a', '1')] }))
  machine.apply(commit({ session, sequence: 2, lowWater: 2, operations: [put('a', '2')] }))
  expect(machine.apply(commit({ session, sequence: 1, lowWater: 1, operations: [put('a', '1')] }))).toEqual({
    kind: 'session-expired',
  })
  expect(machine.read('a')).toBe('2')
})

test('sessions and their responses survive a flush, a crash and what is applied again', () => {
  const machine = new Machine()
  machine.apply(openSession())
  const write = commit({ session: sessionId(1), sequence: 1, lowWater: 1, operations: [put('a', '1')] })
  const first = machine.apply(write)
  machine.flush()
  machine.crash()
  expect(machine.apply(write)).toEqual(first)
})

test('a session that nobody used expires by log time, and is never run again', () => {
  const machine = new Machine()
  machine.apply(openSession(1_000))
  const write = commit({ session: sessionId(1), sequence: 1, lowWater: 1, operations: [put('a', '1')] })
  machine.apply(commit({ logTimeMs: 1_001 + SESSION_IDLE_MS_MAX }))
  expect(machine.apply({ ...write, logTimeMs: 0 })).toEqual({ kind: 'session-expired' })
  expect(machine.read('a')).toBeUndefined()
  expect(machine.machine.sessionCount).toBe(0)
})

test('log time never goes back, across a crash too', () => {
  const machine = new Machine()
  machine.apply(openSession(1_000))
  machine.apply(commit({ logTimeMs: 1_001 + SESSION_IDLE_MS_MAX }))
  machine.flush()
  machine.crash()
  const write = commit({ session: sessionId(1), sequence: 1, lowWater: 1, operations: [put('a', '1')] })
  expect(machine.apply(write)).toEqual({ kind: 'session-expired' })
})

test('an idempotency key happens once, and tells another request under the same key', () => {
  const machine = new Machine()
  const write = commit({ idempotencyKey: 'order-1', operations: [put('a', '1')] })
  const first = machine.apply(write)
  machine.apply(commit({ operations: [put('a', 'x')] }))
  expect(machine.apply(write)).toEqual(first)
  expect(machine.read('a')).toBe('x')
  expect(machine.apply({ ...write, operations: [put('a', '2')] })).toEqual({ kind: 'token-reused' })
  const withTtl = [{ ...put('a', '1'), ttlMs: 1_000 }]
  expect(machine.apply({ ...write, operations: withTtl })).toEqual({ kind: 'token-reused' })
})

test('an idempotency key that expired may be used anew, and its new record lives its full time', () => {
  const machine = new Machine()
  const write = (logTimeMs: number) =>
    commit({ logTimeMs, idempotencyKey: 'k', operations: [put('a', String(logTimeMs))] })
  for (let i = 0; i < 20; i++)
    machine.apply(commit({ idempotencyKey: `other ${i}`, operations: [put('b', '1')] }))
  machine.apply(write(0))
  const later = IDEMPOTENCY_KEEP_MS + 1
  expect(machine.apply(write(later))).toMatchObject({ kind: 'committed' })
  // Expired records go a few at a time with each new one; the one that replaced an expired one must not.
  for (let i = 0; i < 20; i++)
    machine.apply(commit({ logTimeMs: later, idempotencyKey: `new ${i}`, operations: [put('b', '1')] }))
  machine.apply(commit({ operations: [put('a', 'changed')] }))
  machine.apply(write(later))
  expect(machine.read('a')).toBe('changed')
})

test('records of idempotency keys are counted the same by a node that restarted, also when an expired key was used anew', () => {
  const machine = new Machine()
  machine.apply(commit({ idempotencyKey: 'k', operations: [put('a', '1')] }))
  const later = IDEMPOTENCY_KEEP_MS + 1
  machine.apply(commit({ logTimeMs: later, idempotencyKey: 'k', operations: [put('a', '2')] }))
  expect(machine.machine.idempotencyRecordCount).toBe(1)
  machine.flush()
  machine.crash()
  expect(machine.machine.idempotencyRecordCount).toBe(1)
})

test('an acknowledgement of any number costs no more than the responses that are kept', () => {
  const machine = new Machine()
  machine.apply(openSession())
  const far = Number.MAX_SAFE_INTEGER - 1
  const session = sessionId(1)
  machine.apply(commit({ session, sequence: far, lowWater: 1, operations: [put('a', '1')] }))
  const next = commit({ session, sequence: far + 1, lowWater: far, operations: [put('a', '2')] })
  const second = machine.apply(next)
  expect(second).toMatchObject({ kind: 'committed' })
  expect(machine.apply(next)).toEqual(second)
})

test('responses that a client does not acknowledge end in a refusal before a session outgrows a message', () => {
  const machine = new Machine()
  machine.apply(openSession())
  const comparisons = Array.from({ length: 128 }, (_, i) => ({
    key: utf8(`${i}`),
    version: versionFromNumber(9),
  }))
  let sequence = 1
  for (; sequence < 16_000; sequence++) {
    const found = machine.apply(commit({ session: sessionId(1), sequence, lowWater: 1, comparisons }))
    if (found.kind === 'overloaded') break
  }
  expect(sequence).toBeLessThan(4_000)
  const freed = machine.apply(commit({ session: sessionId(1), sequence, lowWater: sequence, comparisons }))
  expect(freed.kind).toBe('comparison-failed')
})

test('malformed bytes of a known kind of command change nothing and stop nobody', () => {
  const machine = new Machine()
  machine.apply(commit({ operations: [put('a', '1')] }))
  const rows = machine.rows()
  const kinds = fc.integer({ min: OPEN_SESSION, max: ADVANCE_TIME })
  let refused = 0
  fc.assert(
    fc.property(kinds, fc.uint8Array({ maxLength: 5 }), (kind, rest) => {
      // Too short for a log time.
      const answer = machine.apply(Uint8Array.of(COMMAND_FORMAT, kind, ...rest))
      expect(answer).toMatchObject({ kind: 'invalid', message: expect.stringContaining('malformed command') })
      refused++
    }),
  )
  expect(refused).toBeGreaterThan(50)
  expect(machine.rows()).toEqual(rows)
})

test('any bytes have an answer, or are of a newer version', () => {
  const machine = new Machine()
  fc.assert(
    fc.property(fc.nat({ max: 7 }), fc.uint8Array({ maxLength: 64 }), (kind, rest) => {
      const bytes = Uint8Array.of(COMMAND_FORMAT, kind, ...rest)
      let answer: string
      try {
        answer = machine.apply(bytes).kind
      } catch (error) {
        expect(() => decodeCommand(bytes)).toThrow(UnknownCommand)
        answer = (error as DureError).code
      }
      expect([
        'data-directory',
        'invalid',
        'committed',
        'session-opened',
        'session-expired',
        'lease-granted',
        'leases-kept',
        'lease-ended',
        'lease-gone',
        'time-advanced',
      ]).toContain(answer)
    }),
  )
})

test('a command of a newer version is never passed over: nothing changes, and the node has to stop', () => {
  const operation = encodeCommand(commit({ operations: [put('a', '1'), { kind: 'delete', key: utf8('b') }] }))
  operation[operation.length - 3] = 5
  for (const [what, bytes] of [
    ['the format 2', Uint8Array.of(2, 1, 0, 0, 0, 0, 0, 0)],
    ['the kind 7', Uint8Array.of(COMMAND_FORMAT, ADVANCE_TIME + 1, 0, 0, 0, 0, 0, 0)],
    ['the operation 5', operation],
  ] as const) {
    const machine = new Machine()
    machine.apply(commit({ logTimeMs: 7, operations: [put('a', '0')] }))
    const rows = machine.rows()
    expect(() => machine.apply(bytes)).toThrow(
      expect.objectContaining({
        code: 'data-directory',
        message: expect.stringMatching(
          new RegExp(`entry 2 was written by a newer version of Dure .*${what}.*update this node`),
        ),
      }),
    )
    expect(machine.rows()).toEqual(rows)
    expect(machine.position.index).toBe(1)
  }
})

/** A command of any kind, on few keys, sessions and times, so that they meet. */
const commands = fc.oneof(
  fc.record({ kind: fc.constant('open-session' as const), logTimeMs: fc.nat({ max: 2_000_000 }) }),
  fc.record({
    kind: fc.constant('commit' as const),
    logTimeMs: fc.nat({ max: 8_000_000 }),
    session: fc.nat({ max: 3 }).map(sessionId),
    sequence: fc.integer({ min: 1, max: 6 }),
    lowWater: fc.integer({ min: 1, max: 3 }),
    idempotencyKey: fc.constant(''),
    comparisons: fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b').map(utf8),
        version: fc.nat({ max: 9 }).map(versionFromNumber),
      }),
      { maxLength: 1 },
    ),
    operations: fc.array(
      fc.constantFrom('a', 'b', 'c').chain((key) => fc.constantFrom(put(key, '1'), put(key, '2'))),
      {
        maxLength: 1,
      },
    ),
  }),
  fc
    .constantFrom('x', 'y')
    .map((idempotencyKey) => commit({ idempotencyKey, operations: [put('a', idempotencyKey)] })),
)

test('a node that crashes and applies the tail again answers as one that never did', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(commands, fc.constantFrom('go on', 'flush', 'crash')), { maxLength: 40 }),
      (steps) => {
        const steady = new Machine()
        const shaken = new Machine()
        const log: Command[] = []
        const results: CommandResult[] = []
        for (const [command, then] of steps) {
          log.push(command)
          results.push(steady.apply(command))
          expect(shaken.apply(command)).toEqual(results.at(-1))
          if (then === 'flush') shaken.flush()
          if (then !== 'crash') continue
          for (let index = shaken.crash() + 1; index <= log.length; index++) {
            expect(shaken.apply(log[index - 1]!, index)).toEqual(results[index - 1])
          }
        }
        for (const key of ['a', 'b', 'c']) expect(shaken.read(key)).toBe(steady.read(key))
      },
    ),
    { numRuns: 300 },
  )
})
