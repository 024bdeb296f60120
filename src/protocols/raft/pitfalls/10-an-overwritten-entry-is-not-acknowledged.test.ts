import { expect, test } from 'vitest'
import { ofType, Solo, sent } from '../testing/solo.ts'

test("a write of entries that were replaced meanwhile does not acknowledge their successors' places", () => {
  const solo = new Solo({ term: 1 })
  solo.append(2, 1, [0, 0], [1, 1, 1])
  const first = ofType(solo.effects, 'persist').at(-1)!.sequence
  solo.append(3, 2, [1, 1], [2, 2], 3)
  const effects = solo.persisted(first)
  expect(sent(effects, 'append-response')).toEqual([])
  expect(solo.raft.durableIndex).toBeLessThan(2)
  expect(ofType(effects, 'apply').flatMap(({ entries }) => entries.map(({ index }) => index))).not.toContain(
    3,
  )
  expect(sent(solo.persisted(), 'append-response')).toMatchObject([{ to: 3, matchIndex: 3, term: 2 }])
  expect(solo.raft.durableIndex).toBe(3)
})

test('a leader counts itself by its own entries, not by those of its past that its disk has just finished', () => {
  const solo = new Solo({ term: 1 })
  solo.append(2, 1, [0, 0], [1, 1, 1])
  const first = ofType(solo.effects, 'persist').at(-1)!.sequence
  solo.append(3, 2, [0, 0], [2])
  solo.persisted(first)
  expect(solo.raft.durableIndex).toBe(0)
  solo.persisted()
  expect(solo.raft.durableIndex).toBe(1)
})

test('several writes that end together are acknowledged once, by the furthest', () => {
  const solo = new Solo()
  solo.append(2, 1, [0, 0], [1])
  solo.append(2, 1, [1, 1], [1, 1])
  expect(sent(solo.persisted(), 'append-response')).toMatchObject([{ matchIndex: 3 }])
})
