import { expect, test } from 'vitest'
import { DureError } from '../../foundation/errors.ts'
import { type ReplacementSteps, replaceMember } from './replace-member.ts'

const replacement = { dead: 3, node: 6, where: ' --directory ./data/three' }

/** A cluster that does as it is told; `asked` is what it was told. */
function stepsOf(found: Partial<ReplacementSteps> = {}) {
  const asked: string[] = []
  const step = (name: string) => async () => void asked.push(name)
  const steps: ReplacementSteps = {
    knownNodes: async () => [1, 2, 3],
    isUsedUp: async () => false,
    add: step('add'),
    promote: step('promote'),
    remove: step('remove'),
    ...found,
  }
  return { asked, steps }
}

const failing = (error: Error) => async () => {
  throw error
}

test('adds and promotes the new node before the dead one goes', async () => {
  const { asked, steps } = stepsOf()
  await replaceMember(replacement, steps)
  expect(asked).toEqual(['add', 'promote', 'remove'])
})

test('a number that never was a node is refused before anything is added', async () => {
  const { asked, steps } = stepsOf()
  const refused = replaceMember({ ...replacement, dead: 9 }, steps)
  await expect(refused).rejects.toMatchObject({
    code: 'invalid',
    message:
      'asked to replace node 9 by node 6, but there is no node 9 and never was: this cluster has 1, 2, 3. Nothing was changed: name one of these',
  })
  expect(asked).toEqual([])
})

test('asked again after the dead node was removed, it does what is left', async () => {
  const { asked, steps } = stepsOf({ knownNodes: async () => [1, 2, 6], isUsedUp: async () => true })
  await replaceMember(replacement, steps)
  expect(asked).toEqual(['add', 'promote', 'remove'])
})

test('when the cluster cannot say whether the number is used up, nothing is added', async () => {
  const nobody = new DureError('unavailable', 'no majority answers')
  const { asked, steps } = stepsOf({ knownNodes: async () => [1, 2], isUsedUp: failing(nobody) })
  await expect(replaceMember(replacement, steps)).rejects.toBe(nobody)
  expect(asked).toEqual([])
})

test('a removal that is refused says that the new node votes, and what is left to do', async () => {
  const refused = new DureError('invalid', 'asked to remove node 3: start node 2 first. Nothing was changed')
  const { asked, steps } = stepsOf({ remove: failing(refused) })
  await expect(replaceMember(replacement, steps)).rejects.toMatchObject({
    code: 'invalid',
    outcome: 'failed',
    message:
      'asked to replace node 3 by node 6: node 6 was added and votes, but the removal of node 3 was not completed (asked to remove node 3: start node 2 first). What is left to do: dure member remove 3 --directory ./data/three',
  })
  expect(asked).toEqual(['add', 'promote'])
})

test('a removal that may have happened keeps its outcome: unknown', async () => {
  const unknown = new DureError('timeout', 'the call did not end within 5000 ms', {
    outcome: 'unknown',
    retryable: true,
  })
  const { steps } = stepsOf({ remove: failing(unknown) })
  await expect(replaceMember(replacement, steps)).rejects.toMatchObject({
    code: 'timeout',
    outcome: 'unknown',
    retryable: true,
    message: expect.stringContaining(
      'the removal of node 3 was not completed (the call did not end within 5000 ms)',
    ),
  })
})

test('a promotion that is refused says that a learner was added, and what is left to do', async () => {
  const behind = new DureError('unavailable', 'node 6 is 5000 entries behind. Nothing was changed', {
    retryable: true,
    retryAfterMs: 200,
  })
  const { asked, steps } = stepsOf({ promote: failing(behind) })
  await expect(replaceMember(replacement, steps)).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
    retryAfterMs: 200,
    message:
      'asked to replace node 3 by node 6: node 6 was added, but its promotion was not completed (node 6 is 5000 entries behind). What is left to do: dure member promote 6 --directory ./data/three, then dure member remove 3 --directory ./data/three',
  })
  expect(asked).toEqual(['add'])
})
