import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { logIndex, nodeId } from '../../../foundation/ids.ts'
import type { MembershipStep } from '../../../protocols/raft/membership.ts'
import { encodeAddresses, Members } from './members.ts'

const add = (node: number): MembershipStep => ({ kind: 'add-learner', node: nodeId(node) })
const remove = (node: number): MembershipStep => ({ kind: 'remove', node: nodeId(node) })
const change = (steps: readonly MembershipStep[], context?: Uint8Array) =>
  ({ transition: 'auto', steps, ...(context && { context }) }) as const
const addresses = (node: number) =>
  encodeAddresses([{ node: nodeId(node), peer: `h${node}:1`, http: `h${node}:2` }])

test('who came is known with its address, who went is known for ever', () => {
  const members = new Members()
  expect(members.apply(change([add(6)], addresses(6)), logIndex(5))).toHaveLength(1)
  expect(members.get(nodeId(6))).toEqual({ node: 6, peer: 'h6:1', http: 'h6:2', removedAt: undefined })
  // A promotion says nothing new.
  expect(members.apply(change([{ kind: 'add-voter', node: nodeId(6) }]), logIndex(6))).toEqual([])
  expect(members.apply(change([remove(6)]), logIndex(7))).toHaveLength(1)
  expect(members.get(nodeId(6))).toEqual({ node: 6, peer: 'h6:1', http: 'h6:2', removedAt: 7 })
})

test('a context that makes no sense says nothing, and stops nobody', () => {
  for (const text of ['', 'x', '{}', '[1]', '[[1,2,3]]', '[["1","a","b"]]']) {
    const members = new Members()
    members.apply(change([add(6)], utf8(text)), logIndex(5))
    expect(members.get(nodeId(6))).toEqual({ node: 6, peer: '', http: '', removedAt: undefined })
  }
})

test('what the rows hold is what is read from them', () => {
  const members = new Members()
  const rows = [
    ...members.apply(change([add(6), add(300)], addresses(6)), logIndex(5)),
    ...members.apply(change([remove(300)]), logIndex(6)),
  ]
  const latest = new Map(rows.map((row) => [row.key.join(), row]))
  const again = new Members()
  const table = { scan: () => [...latest.values()].map(({ key, value }) => ({ key, value: value! })) }
  again.load(table as unknown as Parameters<Members['load']>[0])
  expect(again.all).toEqual(members.all)
})
