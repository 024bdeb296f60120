import { expect, test } from 'vitest'
import { blockedBySplit, parseSplit } from './split.ts'

const five = [1, 2, 3, 4, 5]

test('groups stand between bars, nodes between commas, spaces mean nothing', () => {
  expect(parseSplit('1,2|3,4,5', five)).toEqual([
    [1, 2],
    [3, 4, 5],
  ])
  expect(parseSplit(' 1 | 2, 3 |4,5', five)).toEqual([[1], [2, 3], [4, 5]])
})

test('each node is cut off from all other groups, and from nobody of its own', () => {
  const blocked = blockedBySplit(parseSplit('1,2|3,4,5', five))
  expect(Object.fromEntries(blocked)).toEqual({ 1: [3, 4, 5], 2: [3, 4, 5], 3: [1, 2], 4: [1, 2], 5: [1, 2] })
})

test.for([
  ['1,2', 'leaves out node 3 and node 4 and node 5'],
  ['1,2,3,4,5', 'is one group'],
  ['1,2|2,3,4,5', 'names node 2 twice'],
  ['1,2|3,4,5,6', 'names node 6, and there are 1, 2, 3, 4, 5'],
  ['1,2||3,4,5', 'has an empty place'],
  ['1,2|', 'has an empty place'],
  ['', 'has an empty place'],
  ['1,b|3,4,5', 'names "b", which is no node'],
  ['0|1,2,3,4,5', 'names "0", which is no node'],
  ['1,2;3,4,5', 'names "2;3", which is no node'],
] as const)('%j %s', ([text, reason]) => {
  expect(() => parseSplit(text, five)).toThrow(reason)
  expect(() => parseSplit(text, five)).toThrow('write for example --split "1,2|3,4,5"')
})
