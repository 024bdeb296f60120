import fc from 'fast-check'
import { expect, test } from 'vitest'
import { logIndex, term } from '../../foundation/ids.ts'
import type { Entry, EntryKind } from './entry.ts'
import { countedBytes, RaftLog } from './raft-log.ts'

const kinds: readonly EntryKind[] = ['command', 'command', 'command', 'membership', 'no-op']

/** Entries after `last`, as views of one buffer that holds more than them. */
function entriesAfter(last: number, ofTerm: number, sizes: readonly number[]): Entry[] {
  const buffer = new Uint8Array(7 + sizes.reduce((sum, size) => sum + size, 0))
  let offset = 7
  return sizes.map((size, i) => {
    const data = buffer.subarray(offset, (offset += size)).fill(last + i)
    return {
      index: logIndex(last + 1 + i),
      term: term(ofTerm),
      kind: kinds[(last + size) % kinds.length]!,
      data,
    }
  })
}

const share = fc.double({ min: 0, max: 1, noNaN: true })
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      sizes: fc.array(fc.nat(30), { maxLength: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('append many' as const), count: fc.nat(3_000) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hand out' as const), share }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), share }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('compact' as const), share, keepBytes: fc.nat(2_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), ahead: fc.nat(5) }) },
)

test('the log is an array of entries after a base, whatever was handed out of it', () => {
  fc.assert(
    fc.property(fc.nat(5_000), fc.array(step, { maxLength: 40 }), (start, steps) => {
      let base = { index: start, term: term(1) }
      let entries: Entry[] = []
      let handedOut = start
      let ofTerm = 1
      const log = new RaftLog(base, [])
      const last = (): number => base.index + entries.length
      const append = (sizes: readonly number[]): void => {
        const more = entriesAfter(last(), ofTerm, sizes)
        log.append(more)
        entries = [...entries, ...more]
      }
      for (const action of steps) {
        switch (action.do) {
          case 'append':
            append(action.sizes)
            break
          case 'append many':
            append(new Array<number>(action.count).fill(1))
            break
          case 'hand out':
            handedOut += Math.floor((last() - handedOut) * action.share)
            log.settle(handedOut)
            break
          case 'truncate': {
            const from = handedOut + 1 + Math.floor((last() - handedOut) * action.share)
            log.truncateFrom(from)
            entries = entries.slice(0, from - base.index - 1)
            ofTerm++
            break
          }
          case 'compact': {
            const limit = base.index + Math.floor((handedOut - base.index) * action.share)
            let left = entries.reduce((sum, { data }) => sum + countedBytes(data), 0)
            let count = 0
            while (
              base.index + count < limit &&
              left - countedBytes(entries[count]!.data) >= action.keepBytes
            ) {
              left -= countedBytes(entries[count++]!.data)
            }
            expect(log.compact(limit, action.keepBytes)).toBe(count > 0)
            if (count > 0) base = { index: base.index + count, term: entries[count - 1]!.term }
            entries = entries.slice(count)
            break
          }
          default:
            base = { index: last() + action.ahead, term: term(++ofTerm) }
            entries = []
            handedOut = base.index
            log.reset(base.index, base.term)
        }
        expect([log.baseIndex, log.baseTerm, log.lastIndex]).toEqual([base.index, base.term, last()])
        expect(log.lastTerm).toBe(entries.at(-1)?.term ?? base.term)
        expect(log.sizeBytes).toBe(entries.reduce((sum, { data }) => sum + countedBytes(data), 0))
        expect([log.termAt(base.index - 1), log.termAt(last() + 1)]).toEqual([undefined, undefined])
        if (entries.length === 0) continue
        const from = base.index + 1 + Math.floor(entries.length / 3)
        const shown = entries.slice(from - base.index - 1, from - base.index + 40)
        expect(log.slice(from, from + shown.length - 1)).toEqual(shown)
        expect(log.cut(from, 500)).toEqual(
          entries.slice(from - base.index - 1, from - base.index - 1 + log.cut(from, 500).length),
        )
        for (const entry of shown) {
          expect(log.at(entry.index)).toEqual(entry)
          expect(log.termAt(entry.index)).toBe(entry.term)
        }
      }
      expect(entries.length === 0 ? [] : log.slice(base.index + 1, last())).toEqual(entries)
    }),
    { numRuns: 60 },
  )
})

test('what was handed out is not truncated, and nothing is asked for that is not there', () => {
  const log = new RaftLog({ index: 0, term: term(0) }, entriesAfter(0, 1, [3, 3, 3]))
  log.settle(2)
  expect(() => log.truncateFrom(2)).toThrow('what was handed out is never truncated')
  expect(() => log.settle(4)).toThrow('what was handed out is in the log')
  expect(() => log.at(4)).toThrow('an entry that is asked for is in the log')
  expect(() => log.slice(3, 4)).toThrow('entries that are asked for are in the log')
})
