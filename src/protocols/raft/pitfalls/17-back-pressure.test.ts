import { expect, test } from 'vitest'
import { ofType, Solo, sent } from '../testing/solo.ts'

const bytes = (length: number) => new Uint8Array(length)

function leading(config: ConstructorParameters<typeof Solo>[0] = {}): Solo {
  const solo = new Solo(config)
  solo.lead()
  solo.persisted()
  solo.acknowledge(2, 1)
  solo.acknowledge(3, 1)
  solo.effects.length = 0
  return solo
}

test('beyond the bound on uncommitted bytes a proposal is refused, and taken again once something is committed', () => {
  const solo = leading({ config: { uncommittedBytesMax: 1_000 } })
  solo.propose(bytes(900))
  solo.propose(bytes(900))
  expect(ofType(solo.effects, 'refused')).toMatchObject([{ reason: 'overloaded' }])
  solo.persisted()
  solo.acknowledge(2, 2)
  expect(solo.raft.uncommittedBytes).toBe(0)
  solo.propose(bytes(900))
  expect(ofType(solo.effects, 'proposed')).toHaveLength(2)
})

test('one proposal passes when nothing waits, however large', () => {
  const solo = leading({ config: { uncommittedBytesMax: 1_000 } })
  solo.propose(bytes(5_000))
  expect(ofType(solo.effects, 'proposed')).toHaveLength(1)
})

test('at most so many messages are on their way to a follower; its answer lets the next ones go', () => {
  const solo = leading({ config: { inflightMessagesMax: 3, appendBytesMax: 10 } })
  for (let i = 0; i < 6; i++) solo.propose(bytes(10))
  const to2 = () => sent(solo.effects, 'append-request').filter(({ to }) => to === 2)
  expect(to2()).toHaveLength(3)
  solo.acknowledge(2, 3)
  expect(to2().map(({ entries }) => entries[0]?.index)).toEqual([2, 3, 4, 5, 6])
})

test('at most so many bytes are on their way, but one message always is', () => {
  const solo = leading({ config: { inflightBytesMax: 100, appendBytesMax: 10 } })
  for (let i = 0; i < 4; i++) solo.propose(bytes(60))
  expect(sent(solo.effects, 'append-request').filter(({ to }) => to === 2)).toHaveLength(2)
  const large = leading({ config: { inflightBytesMax: 100, appendBytesMax: 10 } })
  large.propose(bytes(600))
  expect(sent(large.effects, 'append-request').filter(({ to }) => to === 2)).toHaveLength(1)
})

test('a follower whose place is not known gets one message until it answers', () => {
  const solo = new Solo()
  solo.lead()
  for (let i = 0; i < 10; i++) solo.propose(bytes(1))
  expect(sent(solo.effects, 'append-request').filter(({ to }) => to === 3)).toHaveLength(1)
  expect(sent(solo.acknowledge(3, 1), 'append-request').filter(({ to }) => to === 3)).toMatchObject([
    { previousLogIndex: 1, entries: { length: 10 } },
  ])
})

test('a message holds as many entries as fit, and at least one', () => {
  const solo = leading({ config: { appendBytesMax: 100 } })
  solo.propose(...Array.from({ length: 6 }, () => bytes(34)), bytes(500))
  const sizes = sent(solo.effects, 'append-request')
    .filter(({ to }) => to === 2)
    .map(({ entries }) => entries.length)
  expect(sizes).toEqual([2, 2, 2, 1])
})
