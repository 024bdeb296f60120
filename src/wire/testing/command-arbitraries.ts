import fc from 'fast-check'
import { type LeaseId, leaseId, type SessionId, sessionId } from '../../foundation/ids.ts'
import type { FencingToken } from '../../ports/key-value/lease.ts'
import type { Version } from '../../ports/key-value/version.ts'
import type { Command, CommandOperation, CommandResult, CommitCommand } from '../command/command.ts'

/** For tests: what fast-check draws commands and their results from. */
export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 300 }),
  fc.constantFrom(
    0,
    127,
    128,
    16_383,
    16_384,
    2 ** 28 - 1,
    2 ** 28,
    2 ** 31,
    2 ** 32,
    2 ** 35,
    2 ** 49,
    2 ** 53 - 1,
  ),
)

export const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(23, 24, 25, 127, 128, 5_000).map((length) => new Uint8Array(length).fill(length & 0xff)),
)

export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', 'a'.repeat(127), 'a'.repeat(128), '한글', '\ufeffmark', '\u007f\u0080'),
)

export const anyVersion: fc.Arbitrary<Version> = anyNumber.map((number) => number as Version)
const anySession: fc.Arbitrary<SessionId> = anyNumber.map(sessionId)
const anyLease: fc.Arbitrary<LeaseId> = anyNumber.map(leaseId)

const anyLogTime = fc.nat({ max: 2 ** 48 - 1 })

const anyOperation: fc.Arbitrary<CommandOperation> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: anyBytes, value: anyBytes }),
  fc.record({ kind: fc.constant('put' as const), key: anyBytes, value: anyBytes, ttlMs: anyNumber }),
  fc.record({ kind: fc.constant('put' as const), key: anyBytes, value: anyBytes, lease: anyLease }),
  fc.record({ kind: fc.constant('delete' as const), key: anyBytes }),
)

const anyCommit: fc.Arbitrary<CommitCommand> = fc.record({
  kind: fc.constant('commit' as const),
  logTimeMs: anyLogTime,
  session: anySession,
  sequence: anyNumber,
  lowWater: anyNumber,
  idempotencyKey: anyText,
  comparisons: fc.array(fc.record({ key: anyBytes, version: anyVersion }), { maxLength: 5 }),
  operations: fc.array(anyOperation, { maxLength: 5 }),
})

export const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('open-session' as const), logTimeMs: anyLogTime }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('grant-lease' as const),
      logTimeMs: anyLogTime,
      session: anySession,
      sequence: anyNumber,
      lowWater: anyNumber,
      ttlMs: anyNumber,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('keep-leases' as const),
      logTimeMs: anyLogTime,
      leases: fc.array(anyLease, { maxLength: 20 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('end-lease' as const),
      logTimeMs: anyLogTime,
      lease: anyLease,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance-time' as const), logTimeMs: anyLogTime }) },
  { weight: 9, arbitrary: anyCommit },
)

export const anyCommandResult: fc.Arbitrary<CommandResult> = fc.oneof(
  fc.record({ kind: fc.constant('session-opened' as const), session: anySession }),
  fc.record({
    kind: fc.constant('committed' as const),
    version: anyVersion,
    existed: fc.array(fc.boolean(), { maxLength: 20 }),
  }),
  fc.record({
    kind: fc.constant('comparison-failed' as const),
    found: fc.array(anyVersion, { maxLength: 20 }),
  }),
  fc.constantFrom<CommandResult>(
    { kind: 'session-expired' },
    { kind: 'token-reused' },
    { kind: 'overloaded' },
    { kind: 'lease-ended', existed: true },
    { kind: 'lease-ended', existed: false },
    { kind: 'too-many-leases' },
    { kind: 'time-advanced' },
  ),
  fc.record({
    kind: fc.constant('lease-granted' as const),
    lease: anyLease,
    token: anyNumber.map((number) => number as FencingToken),
  }),
  fc.record({
    kind: fc.constant('leases-kept' as const),
    kept: fc.array(fc.boolean(), { maxLength: 20 }),
  }),
  fc.record({ kind: fc.constant('lease-gone' as const), lease: anyLease }),
  fc.record({ kind: fc.constant('lease-full' as const), lease: anyLease }),
  fc.record({ kind: fc.constant('invalid' as const), message: anyText }),
)

/** A real message made wrong: cut, lengthened, or with a few bytes changed. */
export function anyMutation(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const last = Math.max(original.length - 1, 0)
  return fc.oneof(
    fc.nat({ max: original.length }).map((length) => original.slice(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 8 }).map((more) => Uint8Array.of(...original, ...more)),
    fc
      .array(fc.tuple(fc.nat({ max: last }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const mutated = original.slice()
        for (const [offset, byte] of changes) if (offset < mutated.length) mutated[offset] = byte
        return mutated
      }),
  )
}
