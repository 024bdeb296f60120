import { beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { leaseId, sessionId } from '../../foundation/ids.ts'
import type { FencingToken } from '../../ports/key-value/lease.ts'
import { versionFromNumber } from '../../ports/key-value/version.ts'
import type { Command, CommandOperation, CommandResult } from '../../wire/command/command.ts'
import type { WireChange } from '../../wire/parcel/parcel.ts'
import { ExpectedState } from './expected-state.ts'

const TTL_MS = 1_000
const lease = leaseId(1)
let state: ExpectedState
let expired: string[]

beforeEach(() => {
  expired = []
  state = new ExpectedState(4, {
    leaseExpired: (id) => expired.push(`lease ${id}`),
    leaseEnded: () => {},
    leaseGranted: () => {},
    keyExpired: (key) => expired.push(key),
  })
  const grant = {
    kind: 'grant-lease',
    logTimeMs: 0,
    session: sessionId(0),
    sequence: 0,
    lowWater: 0,
  } as const
  const token = 1 as FencingToken
  state.step(1, { ...grant, ttlMs: TTL_MS }, { kind: 'lease-granted', lease, token }, [])
})

const put = (key: string, extra: { ttlMs?: number; lease?: typeof lease } = {}): CommandOperation => ({
  kind: 'put',
  key: utf8(key),
  value: utf8('v'),
  ...extra,
})

function commit(
  index: number,
  logTimeMs: number,
  operations: readonly CommandOperation[],
  removed: string[] = [],
) {
  const command: Command = {
    kind: 'commit',
    logTimeMs,
    session: sessionId(0),
    sequence: 0,
    lowWater: 0,
    idempotencyKey: '',
    comparisons: [],
    operations,
  }
  const existed = operations.map(
    ({ key }) => state.rows.has(String(Buffer.from(key))) && !removed.includes(String(Buffer.from(key))),
  )
  const version = versionFromNumber(index)
  const result: CommandResult = { kind: 'committed', version, existed }
  state.step(index, command, result, changesOf(index, removed, operations))
}

const advance = (index: number, logTimeMs: number, removed: string[]): void =>
  state.step(index, { kind: 'advance-time', logTimeMs }, { kind: 'time-advanced' }, changesOf(index, removed))

function changesOf(
  index: number,
  removed: string[],
  operations: readonly CommandOperation[] = [],
): WireChange[] {
  const version = versionFromNumber(index)
  const all = [
    ...removed.map((key) => ({ key: utf8(key), value: undefined })),
    ...operations.map((operation) => ({
      key: operation.key,
      value: operation.kind === 'put' ? operation.value : undefined,
    })),
  ]
  return all.map((change, i) => ({ ...change, version, ordinal: i + 1 }))
}

describe('what the model of the state machine does not accept', () => {
  test('a key that goes at its time, and not after it', () => {
    commit(2, 0, [put('a', { ttlMs: TTL_MS })])
    expect(() => advance(3, TTL_MS, ['a'])).toThrow('removed a before its time')
  })

  test('a key that stays beyond its time', () => {
    commit(2, 0, [put('a', { ttlMs: TTL_MS })])
    expect(() => advance(3, TTL_MS + 1, [])).toThrow('beyond its time')
  })

  test('a key that outlives its lease, and a put with a lease that is over', () => {
    commit(2, 0, [put('a', { lease })])
    expect(() => advance(3, TTL_MS + 1, [])).toThrow('beyond its time')
    expect(() => commit(4, TTL_MS + 1, [put('b', { lease })], ['a'])).toThrow('which is gone')
  })

  test('a lease that is kept and said to be gone, and the other way around', () => {
    const keep = (logTimeMs: number, kept: boolean) => () =>
      state.step(
        2,
        { kind: 'keep-leases', logTimeMs, leases: [lease] },
        { kind: 'leases-kept', kept: [kept] },
        [],
      )
    expect(keep(TTL_MS, false)).toThrow('kept is false')
    expect(keep(TTL_MS + 1, true)).toThrow('kept is true')
  })

  test('a change without a command, or a command without its change', () => {
    commit(2, 0, [put('a')])
    expect(() => advance(3, 1, ['a'])).toThrow('removed a before its time')
    const silent = { kind: 'committed', version: versionFromNumber(4), existed: [true] } as const
    const again = { kind: 'commit', logTimeMs: 1, session: sessionId(0), sequence: 0, lowWater: 0 } as const
    const command: Command = { ...again, idempotencyKey: '', comparisons: [], operations: [put('a')] }
    expect(() => state.step(4, command, silent, [])).toThrow('changed too little')
  })
})

test('what is due goes in several entries when there is more than one removes', () => {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f']
  commit(
    2,
    0,
    keys.map((key) => put(key, { lease })),
  )
  advance(3, TTL_MS + 1, keys.slice(0, 4))
  expect(state.isStill).toBe(false)
  advance(4, TTL_MS + 1, keys.slice(4))
  expect(state.isStill).toBe(true)
  expect(expired).toEqual([`lease ${lease}`])
})

test('a lease that is over when it is ended takes its part of what one entry removes', () => {
  const end = (index: number, removed: string[]) =>
    state.step(
      index,
      { kind: 'end-lease', logTimeMs: TTL_MS + 1, lease },
      { kind: 'lease-ended', existed: false },
      changesOf(index, removed),
    )
  const ofLease = ['a', 'b', 'c']
  commit(2, 0, [...ofLease.map((key) => put(key, { lease })), put('d', { ttlMs: TTL_MS })])
  end(3, ofLease)
  advance(4, TTL_MS + 1, ['d'])
  expect(expired).toEqual([`lease ${lease}`, 'd'])
})

test('a lease that is over when it is ended excuses no more than its part', () => {
  commit(2, 0, [put('a', { lease }), put('b', { lease }), put('d', { ttlMs: TTL_MS })])
  const command: Command = { kind: 'end-lease', logTimeMs: TTL_MS + 1, lease }
  const end = () => state.step(3, command, { kind: 'lease-ended', existed: false }, changesOf(3, ['a', 'b']))
  expect(end).toThrow('left d beyond its time')
})
