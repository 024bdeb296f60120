import { expect, test } from 'vitest'
import type { History, Operation } from '../../history/operation.ts'
import { seededRandom } from '../../testing/random-history.ts'
import { checkLinearizable } from '../check-linearizable.ts'
import { appendOnlyList } from './append-only-list.ts'
import { ElementSet } from './element-set.ts'
import { GrownList } from './grown-list.ts'
import { set } from './set.ts'

const WRITES = 2_000
const READ_EVERY = 20

/** One write after another, and now and then a read of all. */
function growing<Input>(write: (element: number) => Input, read: Input): History<Input, readonly number[]> {
  const operations: Operation<Input, readonly number[]>[] = []
  const add = (input: Input, output: readonly number[] | undefined): void => {
    const call = 2 * operations.length
    operations.push({ process: 0, input, output, call, return: call + 1, outcome: 'ok' })
  }
  for (let element = 0; element < WRITES; element++) {
    add(write(element), undefined)
    if (element % READ_EVERY === 0) add(read, [...new Array(element + 1).keys()])
  }
  return operations
}

// Texts of every state would take 50 bytes for each pair of writes.
const BYTES_MAX = WRITES * 1_000

test('a set that grows is decided without a text of each state', () => {
  const history = growing((element) => ({ kind: 'add', element }) as const, { kind: 'read' } as never)
  const { verdict, spent } = checkLinearizable(history, set())
  expect(verdict).toBe('valid')
  expect(spent.memoryBytes).toBeLessThan(BYTES_MAX)
})

test('a list that grows is decided without a text of each state', () => {
  const history = growing((element) => ({ kind: 'append', element }) as const, { kind: 'read' } as never)
  const { verdict, spent } = checkLinearizable(history, appendOnlyList())
  expect(verdict).toBe('valid')
  expect(spent.memoryBytes).toBeLessThan(BYTES_MAX)
})

test('sets that came from one are the same exactly when their keys are', () => {
  const random = seededRandom(11)
  const pick = (): number => Math.floor(random() * 70)
  const seen = new Map<string, string>()
  let held = new Set<number>()
  let elements = ElementSet.empty()
  for (let i = 0; i < 5_000; i++) {
    const element = i % 50 < 25 ? pick() : ([...held][0] ?? pick())
    const adds = i % 50 < 25
    held = new Set(held)
    if (adds) held.add(element)
    else held.delete(element)
    elements = adds ? elements.with(element) : elements.without(element)
    const sorted = [...held].sort((left, right) => left - right)
    expect(elements.isOf(sorted)).toBe(true)
    expect(elements.isOf([...sorted, 99])).toBe(false)
    expect(elements.isOf(sorted.slice(1))).toBe(sorted.length === 0)
    expect(elements.size).toBe(sorted.length)
    const text = sorted.join()
    expect(seen.get(elements.key) ?? text).toBe(text)
    seen.set(elements.key, text)
  }
  expect(new Set(seen.values()).size).toBe(seen.size)
})

test('lists that grew in the same way are one', () => {
  const empty = GrownList.of([])
  const list = empty.with(1).with('1').with(-0)
  expect(empty.with(1).with('1').with(0)).toBe(list)
  expect(empty.with(1).with(1)).not.toBe(empty.with(1).with('1'))
  expect(list.elements()).toEqual([1, '1', -0])
  expect(list.begins([1, '1', 0, 5])).toBe(true)
  expect(list.begins([1, 1, 0, 5])).toBe(false)
  expect(list.begins([1, 1, 0, 5], 2)).toBe(true)
  expect(list.begins([1, '1'])).toBe(false)
})
