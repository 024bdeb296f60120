import { expect, test } from 'vitest'
import { groupId, logIndex, nodeId, term } from '../../../foundation/ids.ts'
import { raftDefaults } from '../../../protocols/raft/config.ts'
import { Raft } from '../../../protocols/raft/raft.ts'
import type { RecoveredGroup } from '../../../storage/log/log.ts'
import type { TablePosition } from '../../../storage/table/table.ts'
import { restoreGroup } from './restore.ts'

const membership = {
  voters: [nodeId(1)],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}
const place = (index: number, inTerm: number) => ({ index: logIndex(index), term: term(inTerm) })
const table = (index: number, inTerm: number): TablePosition => ({ ...place(index, inTerm), membership })

/** A log that begins after `base` and holds an entry for each of `terms`. */
function log(base: readonly [number, number], terms: readonly number[], hardTerm = 9): RecoveredGroup {
  return {
    group: groupId(0),
    hardState: { term: term(hardTerm), vote: nodeId(1), commitIndex: logIndex(base[0]) },
    base: place(...base),
    entries: terms.map((inTerm, i) => ({
      ...place(base[0] + i + 1, inTerm),
      kind: 'command' as const,
      data: new Uint8Array([i]),
    })),
  }
}

/** The core on what was restored, after its first step. */
function start(found: RecoveredGroup, position: TablePosition) {
  const raft = new Raft({ ...raftDefaults, id: nodeId(1), random: () => 0.5 }, restoreGroup(found, position))
  return { raft, effects: raft.step({ type: 'tick', nowMs: 0 }) }
}

test('@A a new group starts at 0', () => {
  const { raft } = start(
    { ...log([0, 0], []), hardState: { term: term(0), vote: undefined, commitIndex: logIndex(0) } },
    table(0, 0),
  )
  expect([raft.lastIndex, raft.commitIndex, raft.appliedIndex]).toEqual([0, 0, 0])
})

test('@B the tail after the table is there to be applied again', () => {
  const { raft } = start(log([2, 1], [1, 1, 2]), table(3, 1))
  expect([raft.lastIndex, raft.appliedIndex]).toEqual([5, 3])
})

test('@C a log that begins after the table is refused', () => {
  expect(() => restoreGroup(log([7, 1], [1]), table(5, 1))).toThrow(
    expect.objectContaining({
      code: 'corrupt',
      message: expect.stringMatching(/begins after index 7.*table stands at 5/),
    }),
  )
})

test('@D a log that ends before the table is reset to it', () => {
  const { raft, effects } = start(log([0, 0], [1, 1]), table(6, 2))
  expect(effects.find(({ type }) => type === 'persist')).toMatchObject({ reset: { index: 6, term: 2 } })
  expect([raft.lastIndex, raft.commitIndex]).toEqual([6, 6])
})

test('@E a log that went another way than the table is reset to it', () => {
  const { raft, effects } = start(log([0, 0], [1, 1, 1, 1]), table(3, 2))
  expect(effects.find(({ type }) => type === 'persist')).toMatchObject({ reset: { index: 3, term: 2 } })
  expect(raft.lastIndex).toBe(3)
})
