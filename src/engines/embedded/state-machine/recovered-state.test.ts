import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { leaseId, sessionId } from '../../../foundation/ids.ts'
import { versionFromNumber } from '../../../ports/key-value/version.ts'
import type { Command, CommandResult } from '../../../wire/command/command.ts'
import { space } from './row.ts'
import type { StateMachineBounds } from './state-machine.ts'
import { advance, commit, end, grant, keep, Machine, put, remove } from './testing/machine.ts'

/** Of the log, for the feed: some ten entries. */
const LOG_BYTES_MAX = 1_500

/** So small that all of them are met. */
const bounds: StateMachineBounds = {
  feed: { bytesMax: 600, entriesMax: 12, blockBytes: 150 },
  expiredPerEntryMax: 3,
}

const anyKey = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
/** Stands for one of the leases that were granted last; see `named`. */
const anyLease = fc.nat({ max: 4 })
/** Few, so that several things are due at once. */
const anyTtl = fc.constantFrom(100, 200, 400)
const anyPut = fc.oneof(
  anyKey.map((key) => put(key, 'v')),
  fc.tuple(anyKey, anyTtl).map(([key, ttlMs]) => ({ ...put(key, 't'), ttlMs })),
  fc.tuple(anyKey, anyLease).map(([key, lease]) => ({ ...put(key, 'l'), lease: leaseId(lease) })),
)
const anyOperations = fc.uniqueArray(fc.oneof({ weight: 4, arbitrary: anyPut }, anyKey.map(remove)), {
  maxLength: 4,
  selector: ({ key }) => String(key),
})
const anyComparisons = fc.array(
  fc.record({ key: anyKey.map(utf8), version: fc.nat({ max: 3 }).map(versionFromNumber) }),
  { maxLength: 1 },
)

/** Log time passes in small steps, and now and then in one that ends much at once. */
const anyStepMs = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(0, 0, 20, 50) }, fc.constant(500))
const anyCommand = fc.oneof(
  { weight: 6, arbitrary: fc.record({ operations: anyOperations }).map(commit) },
  fc.record({ operations: anyOperations, comparisons: anyComparisons }).map(commit),
  fc
    .record({
      operations: anyOperations,
      session: fc.nat({ max: 3 }).map(sessionId),
      sequence: fc.integer({ min: 1, max: 4 }),
      lowWater: fc.constant(1),
    })
    .map(commit),
  fc.record({ operations: anyOperations, idempotencyKey: fc.constantFrom('x', 'y') }).map(commit),
  { weight: 3, arbitrary: anyTtl.map((ttlMs) => grant(ttlMs)) },
  { weight: 2, arbitrary: fc.array(anyLease, { maxLength: 3 }).map((leases) => keep(leases)) },
  anyLease.map((lease) => end(lease)),
  fc.constant(advance(0)),
  fc.constant<Command>({ kind: 'open-session', logTimeMs: 0 }),
)

const anyStep = fc.record({
  command: anyCommand,
  stepMs: anyStepMs,
  afterwards: fc.oneof(
    { weight: 6, arbitrary: fc.constant('go on') },
    fc.constantFrom('crash', 'flush', 'flush, and keep a little of the log', 'flush, as for a snapshot'),
  ),
})

test('a node that flushes, crashes and applies the tail again has the results, rows, feed and next expiry of one that never did', () => {
  const seen = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 20, maxLength: 80 }), (steps) => {
      const steady = new Machine(bounds)
      const shaken = new Machine(bounds)
      const log: Command[] = []
      const results: CommandResult[] = []
      const leases: number[] = []
      let logTimeMs = 0
      for (const { command, stepMs, afterwards } of steps) {
        logTimeMs += stepMs
        const stamped = { ...named(command, leases), logTimeMs }
        log.push(stamped)
        const result = steady.apply(stamped)
        results.push(result)
        if (result.kind === 'lease-granted') leases.unshift(result.lease)
        seen.set(result.kind, (seen.get(result.kind) ?? 0) + 1)
        expect(shaken.apply(stamped)).toEqual(result)
        if (afterwards === 'flush') shaken.flush()
        if (afterwards === 'flush, and keep a little of the log') shaken.flush(LOG_BYTES_MAX)
        if (afterwards === 'flush, as for a snapshot') {
          shaken.flush(0)
          expect(shaken.logLength).toBe(0)
        }
        if (afterwards === 'crash') {
          for (let index = shaken.crash() + 1; index <= log.length; index++)
            expect(shaken.apply(log[index - 1]!, index)).toEqual(results[index - 1])
        }
        expect(observed(shaken)).toEqual(observed(steady))
      }
      for (const machine of [steady, shaken]) machine.flush()
      expect(withoutFeed(shaken.rows())).toEqual(withoutFeed(steady.rows()))
      checkIndexes(steady)
    }),
    { numRuns: 150 },
  )
  for (const kind of ['lease-granted', 'leases-kept', 'lease-ended', 'lease-gone', 'comparison-failed'])
    expect(seen.get(kind)).toBeGreaterThan(10)
})

/** The command with the ids of the leases that it stands for. */
function named(command: Command, leases: readonly number[]): Command {
  const idOf = (lease: number) => leaseId(leases[lease] ?? 999)
  if (command.kind === 'keep-leases') return { ...command, leases: command.leases.map(idOf) }
  if (command.kind === 'end-lease') return { ...command, lease: idOf(command.lease) }
  if (command.kind !== 'commit') return command
  const operations = command.operations.map((operation) =>
    operation.kind === 'put' && operation.lease !== undefined
      ? { ...operation, lease: idOf(operation.lease) }
      : operation,
  )
  return { ...command, operations }
}

const observed = ({ machine, index }: Machine) => ({
  index,
  nextDueMs: machine.nextDueMs,
  leaseCount: machine.leaseCount,
  compactedIndex: machine.feed.compactedIndex,
  lastIndex: machine.feed.lastIndex,
  sizeBytes: machine.feed.sizeBytes,
  entries: [...machine.feed.after(machine.feed.compactedIndex)],
})

/** Which changes are written out, and which are left to the log, is each node's own affair. */
const withoutFeed = (rows: readonly [string, string][]) =>
  rows.filter(([key]) => !key.startsWith(`0${space.change}`))

/** Every attached key is found by its lease or time, and nothing else is. */
function checkIndexes(machine: Machine): void {
  const rows = machine.rows()
  const found = rows.filter(([key]) => /^0[56]/.test(key)).map(([key]) => key)
  const expected = rows
    .filter(([key, value]) => key.startsWith('10') && Number.parseInt(value.slice(0, 2), 16) >= 0x80)
    .map(([key, value]) => (value.slice(16, 18) === '01' ? '05' : '06') + value.slice(18, 34) + key.slice(2))
  expect(found).toEqual(expected.sort())
  for (const [key, value] of rows.filter(([key]) => key.startsWith('04'))) {
    const count = found.filter((row) => row.startsWith(`05${key.slice(2)}`)).length
    expect(Buffer.from(value, 'hex').readDoubleBE(16)).toBe(count)
  }
}
