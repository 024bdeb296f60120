import { expect, test } from 'vitest'
import { logIndex, term } from '../../../foundation/ids.ts'
import { membershipOf } from '../testing/cluster.ts'
import { noCommit, node, Solo } from '../testing/solo.ts'

const vote = (solo: Solo, from: number, inTerm: number, preVote: boolean, granted = true) =>
  solo.receive({ ...noCommit, type: 'vote-response', from: node(from), term: term(inTerm), preVote, granted })

/** A candidate of five in term 1 that has only its own vote. */
function candidate(): Solo {
  const solo = new Solo({ voters: 5 })
  solo.tick(600)
  vote(solo, 2, 1, true)
  vote(solo, 3, 1, true)
  solo.persisted()
  expect(solo.raft).toMatchObject({ role: 'candidate', term: 1 })
  return solo
}

test('a voter that answers several times counts once', () => {
  const solo = candidate()
  vote(solo, 2, 1, false)
  vote(solo, 2, 1, false)
  vote(solo, 2, 1, false)
  expect(solo.raft.role).toBe('candidate')
  vote(solo, 3, 1, false)
  expect(solo.raft.role).toBe('leader')
})

test('a delayed vote does not count in a later term', () => {
  const solo = candidate()
  solo.tick(600)
  vote(solo, 2, 2, true)
  vote(solo, 3, 2, true)
  solo.persisted()
  expect(solo.raft).toMatchObject({ role: 'candidate', term: 2 })
  vote(solo, 2, 1, false)
  vote(solo, 3, 1, false)
  vote(solo, 4, 1, false)
  expect(solo.raft.role).toBe('candidate')
})

test('a pre-vote does not count as a vote, nor one for another term', () => {
  const solo = candidate()
  vote(solo, 2, 1, true)
  vote(solo, 3, 1, true)
  vote(solo, 4, 2, true)
  expect(solo.raft).toMatchObject({ role: 'candidate', term: 1 })
})

test('votes of nodes that are no voters do not count', () => {
  const solo = candidate()
  vote(solo, 7, 1, false)
  vote(solo, 8, 1, false)
  expect(solo.raft.role).toBe('candidate')
})

test('our own vote counts once it is on our disk', () => {
  const solo = new Solo({ voters: 3 })
  solo.tick(600)
  vote(solo, 2, 1, true)
  vote(solo, 2, 1, false)
  expect(solo.raft.role).toBe('candidate')
  solo.persisted()
  expect(solo.raft.role).toBe('leader')
})

test('a voter that lost its directory and joined anew votes for nobody before it has a snapshot', () => {
  const ask = (solo: Solo, preVote: boolean) =>
    solo
      .receive({
        type: 'vote-request',
        from: node(2),
        term: term(5),
        preVote,
        transfer: false,
        lastLogIndex: logIndex(3),
        lastLogTerm: term(1),
      })
      .concat(solo.persisted())
      .filter((effect) => effect.type === 'send')
      .map(({ message }) => message.type === 'vote-response' && message.granted)
  const forgetful = new Solo({ membership: membershipOf([]) })
  expect(ask(forgetful, true)).toEqual([false])
  expect(ask(forgetful, false)).toEqual([false])
  const founder = new Solo()
  expect(ask(founder, true)).toEqual([true])
  expect(ask(founder, false)).toEqual([true])
})
