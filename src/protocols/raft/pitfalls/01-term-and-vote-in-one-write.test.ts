import { expect, test } from 'vitest'
import { ofType, Solo, sent } from '../testing/solo.ts'

test('term and vote are in one write, and the vote leaves only when it is done', () => {
  const solo = new Solo({ term: 1 })
  const effects = solo.askForVote(2, 5, [0, 0])
  expect(ofType(effects, 'persist').map(({ hardState }) => hardState)).toMatchObject([{ term: 5, vote: 2 }])
  expect(sent(effects, 'vote-response')).toEqual([])
  expect(sent(solo.persisted(), 'vote-response')).toMatchObject([{ granted: true, term: 5, to: 2 }])
})

test('a vote whose write ends after the term has passed never leaves', () => {
  const solo = new Solo({ term: 1 })
  solo.askForVote(2, 5, [0, 0])
  solo.append(3, 6, [0, 0], [])
  expect(sent(solo.persisted(), 'vote-response')).toEqual([])
})

test('after a restart the vote of the term is remembered: another one gets a no', () => {
  const solo = new Solo({ term: 5, vote: 2 })
  expect(sent(solo.askForVote(3, 5, [9, 5]), 'vote-response')).toMatchObject([{ granted: false }])
})

test('a candidate asks only once its own vote, and the log it speaks of, are on its disk', () => {
  const solo = new Solo({ voters: 3 })
  solo.append(3, 1, [0, 0], [1])
  solo.tick(1_000)
  solo.receive({
    type: 'vote-response',
    from: solo.raft.membership.voters[1]!,
    term: (solo.raft.term + 1) as typeof solo.raft.term,
    preVote: true,
    granted: true,
    commitIndex: solo.raft.commitIndex,
    commitTerm: solo.raft.base.term,
  })
  expect(solo.raft.role).toBe('candidate')
  const asked = () => sent(solo.effects, 'vote-request').filter(({ preVote }) => !preVote)
  solo.persisted(1)
  expect(asked()).toEqual([])
  solo.persisted()
  expect(asked()).toHaveLength(2)
})
