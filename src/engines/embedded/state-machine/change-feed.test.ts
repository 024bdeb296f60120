import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { leaseId, sessionId } from '../../../foundation/ids.ts'
import { absent } from '../../../ports/key-value/version.ts'
import { space } from './row.ts'
import type { StateMachineBounds } from './state-machine.ts'
import { advance, commit, grant, Machine, openSession, put, remove } from './testing/machine.ts'

const bounds = (feed: Partial<StateMachineBounds['feed']>): StateMachineBounds => ({
  feed: { bytesMax: 1 << 20, entriesMax: 1_000, blockBytes: 200, ...feed },
  expiredPerEntryMax: 256,
})

describe('the feed tells', () => {
  test('operations in their order, each with its number, and nothing of a deletion that found nothing', () => {
    const machine = new Machine()
    machine.apply(commit({ operations: [put('a', '1'), remove('none'), put('b', '2')] }))
    machine.apply(commit({ operations: [remove('none')] }))
    machine.apply(commit({ operations: [] }))
    machine.apply(commit({ operations: [remove('a'), put('a2', '3')] }))
    expect(machine.changes()).toEqual(['1: 1 put a = 1, 2 put b = 2', '4: 1 delete a, 2 put a2 = 3'])
  })

  test('what expired before the operations of its entry, also where these do not happen', () => {
    const machine = new Machine()
    machine.apply(grant(100))
    machine.apply(commit({ operations: [{ ...put('l', '1'), lease: leaseId(1) }] }))
    machine.apply(commit({ operations: [{ ...put('t', '1'), ttlMs: 100 }] }))
    machine.apply(commit({ operations: [{ ...put('u', '1'), ttlMs: 200 }] }))
    machine.apply(commit({ logTimeMs: 101, operations: [put('l', '2')] }))
    const comparisons = [{ key: utf8('l'), version: absent }]
    machine.apply(commit({ logTimeMs: 201, comparisons, operations: [put('l', '3')] }))
    expect(machine.changes(4)).toEqual(['5: 1 delete l, 2 delete t, 3 put l = 2', '6: 1 delete u'])
  })

  test('nothing of a retry, a refused command, a comparison that failed or bytes that are no command', () => {
    const machine = new Machine()
    machine.apply(openSession())
    const write = commit({ session: sessionId(1), sequence: 1, lowWater: 1, operations: [put('a', '1')] })
    machine.apply(write)
    machine.apply(write)
    machine.apply(commit({ comparisons: [{ key: utf8('a'), version: absent }], operations: [put('a', '2')] }))
    machine.apply(commit({ operations: [{ ...put('a', '2'), lease: leaseId(9) }] }))
    machine.apply(Uint8Array.of(1, 2, 3))
    machine.apply(advance(5))
    expect(machine.changes()).toEqual(['2: 1 put a = 1'])
    expect(machine.machine.feed.lastIndex).toBe(2)
  })

  test('the same from every place, over blocks small and large', () => {
    const machine = new Machine(bounds({}))
    const all: string[] = []
    for (let i = 1; i <= 30; i++) {
      const value = i % 7 === 0 ? 'long'.repeat(100) : 'v'
      machine.apply(commit({ operations: [put(`k${i}`, value)] }))
      all.push(`${i}: 1 put k${i} = ${value.slice(0, 8)}`)
    }
    for (let after = 0; after <= 31; after++) expect(machine.changes(after)).toEqual(all.slice(after))
  })
})

describe('the feed is bounded', () => {
  const fill = (machine: Machine, count: number, value = 'v') => {
    for (let i = 0; i < count; i++) machine.apply(commit({ operations: [put('k', value)] }))
  }

  test('by entries that changed something', () => {
    const machine = new Machine(bounds({ entriesMax: 10 }))
    fill(machine, 10)
    for (let i = 0; i < 5; i++) machine.apply(advance(i))
    expect(machine.machine.feed).toMatchObject({ compactedIndex: 0, entryCount: 10, lastIndex: 10 })
    fill(machine, 1)
    expect(machine.machine.feed).toMatchObject({ compactedIndex: 1, entryCount: 10, lastIndex: 16 })
    fill(machine, 25)
    expect(machine.machine.feed).toMatchObject({ compactedIndex: 31, entryCount: 10, lastIndex: 41 })
    expect(machine.changes()).toHaveLength(10)
    expect(() => machine.changes(30)).toThrow(/compacted/)
  })

  test('by bytes, down to nothing where one entry is too large', () => {
    const machine = new Machine(bounds({ bytesMax: 1_000 }))
    fill(machine, 100)
    const { feed } = machine.machine
    expect(feed.sizeBytes).toBeLessThanOrEqual(1_000)
    expect(feed.sizeBytes).toBeGreaterThan(900)
    fill(machine, 1, 'x'.repeat(2_000))
    expect(feed).toMatchObject({ compactedIndex: 101, entryCount: 0, sizeBytes: 0 })
    fill(machine, 1)
    expect(machine.changes()).toEqual(['102: 1 put k = v'])
  })

  test('in the table as well: rows go with the entries they held', () => {
    const machine = new Machine(bounds({ entriesMax: 20 }))
    const blocks = () => machine.rows().filter(([key]) => key.startsWith('07')).length
    for (let i = 0; i < 20; i++) {
      fill(machine, 20)
      machine.flush()
      expect(blocks()).toBeGreaterThan(0)
      expect(blocks()).toBeLessThan(9)
    }
  })
})

describe('the feed refers to the log', () => {
  const write = (machine: Machine, count: number, value = 'v'.repeat(100)) => {
    for (let i = 0; i < count; i++) {
      machine.apply(commit({ operations: [put(`k${machine.index + 1}`, value)] }))
    }
  }
  const feedBytes = (machine: Machine) =>
    machine
      .rows()
      .filter(([key]) => key.startsWith('07'))
      .reduce((sum, [, value]) => sum + value.length / 2, 0)

  test('so that a flush writes next to nothing of it, and the log is kept as far back as it goes', () => {
    const machine = new Machine(bounds({ entriesMax: 50, blockBytes: 2_000 }))
    write(machine, 200)
    machine.flush()
    expect(machine.machine.feed).toMatchObject({ entryCount: 50, compactedIndex: 150 })
    expect(machine.logLength).toBe(50)
    expect(feedBytes(machine)).toBeLessThan(50)
  })

  test('and goes on over crash, restart, write, crash, restart, as if nothing had happened', () => {
    const steady = new Machine(bounds({ entriesMax: 30, blockBytes: 500 }))
    const shaken = new Machine(bounds({ entriesMax: 30, blockBytes: 500 }))
    for (let round = 0; round < 12; round++) {
      // A lease ends, keys go by their time, and some deletions find nothing.
      for (const machine of [steady, shaken]) {
        const lease = machine.index + 1
        machine.apply(grant(100, round * 1_000))
        machine.apply(commit({ operations: [{ ...put('l', 'v'), lease: leaseId(lease) }] }))
        machine.apply(commit({ operations: [{ ...put('t', 'v'), ttlMs: 50 }, remove('none')] }))
        machine.apply(advance(round * 1_000 + 500))
        write(machine, 7)
      }
      if (round % 3 !== 2) shaken.flush()
      const lost = shaken.index
      shaken.crash()
      for (let index = shaken.index + 1; index <= lost; index++) shaken.again(index)
      expect(shaken.machine.feed.compactedIndex).toBe(steady.machine.feed.compactedIndex)
      expect(shaken.changes()).toEqual(steady.changes())
      // At once again, with what was written since the last flush and nothing besides.
      shaken.crash()
      for (let index = shaken.index + 1; index <= lost; index++) shaken.again(index)
      expect(shaken.changes()).toEqual(steady.changes())
    }
  })

  test('for so much of it: where much passes that changes nothing, older changes are written out', () => {
    const machine = new Machine(bounds({ blockBytes: 500 }))
    write(machine, 20)
    machine.flush(8_000)
    const asReferences = feedBytes(machine)
    const told = machine.changes()
    let longest = 0
    for (let i = 0; i < 300; i++) {
      machine.apply(advance(i))
      if (i % 10 === 9) machine.flush(8_000)
      longest = Math.max(longest, machine.logLength)
    }
    // An entry counts as 128 bytes and its data.
    expect(longest).toBeLessThan(8_000 / 128 + 10)
    expect(feedBytes(machine)).toBeGreaterThan(20 * asReferences)
    machine.crash()
    expect(machine.changes()).toEqual(told)
    write(machine, 3)
    machine.flush(8_000)
    machine.crash()
    expect(machine.changes(300)).toEqual([
      '321: 1 put k321 = vvvvvvvv',
      '322: 1 put k322 = vvvvvvvv',
      '323: 1 put k323 = vvvvvvvv',
    ])
  })

  test('and not at all in a snapshot', () => {
    const machine = new Machine(bounds({ entriesMax: 30, blockBytes: 500 }))
    write(machine, 40)
    machine.flush()
    write(machine, 5)
    machine.flush(0)
    expect(machine.logLength).toBe(0)
    const told = machine.changes()
    // As a node that installed it: with the table, and no log.
    machine.crash()
    expect(machine.changes()).toEqual(told)
    write(machine, 40)
    machine.flush()
    machine.crash()
    expect(machine.changes()).toHaveLength(30)
  })

  test('and whoever cuts the log too far is told so', () => {
    const machine = new Machine()
    write(machine, 10)
    machine.flush()
    machine.cutLog(4)
    expect(() => machine.crash()).toThrow(
      expect.objectContaining({ code: 'corrupt', message: expect.stringContaining('refers to entry 1,') }),
    )
  })
})

describe('after a restart the feed', () => {
  test('begins and goes on as it did', () => {
    const machine = new Machine(bounds({ entriesMax: 20 }))
    for (let i = 0; i < 33; i++) machine.apply(commit({ operations: [put(`k${i}`, 'v')] }))
    machine.flush()
    const before = [machine.machine.feed.compactedIndex, machine.changes()]
    machine.crash()
    expect([machine.machine.feed.compactedIndex, machine.changes()]).toEqual(before)
    machine.apply(commit({ operations: [put('next', 'v')] }))
    expect(machine.machine.feed.compactedIndex).toBe(14)
    expect(machine.changes(32)).toEqual(['33: 1 put k32 = v', '34: 1 put next = v'])
  })

  test('of a table from before there was one begins at the place of the table', () => {
    const machine = new Machine()
    for (let i = 0; i < 5; i++) machine.apply(commit({ operations: [put('k', 'v')] }))
    machine.flush()
    machine.forget(space.change)
    machine.forget(space.changeStart)
    expect(machine.machine.feed).toMatchObject({ compactedIndex: 5, lastIndex: 5, entryCount: 0 })
    machine.apply(commit({ operations: [put('k', 'v')] }))
    expect(machine.changes()).toEqual(['6: 1 put k = v'])
  })
})
