import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { WatchChecker, type WatchedChange } from './watch-checker.ts'

const put = (key: string, version: number, ordinal = 1, value = `${version}.${ordinal}`): WatchedChange => ({
  key: utf8(key),
  value: utf8(value),
  version,
  ordinal,
})
const deletion = (key: string, version: number, ordinal = 1): WatchedChange => ({
  ...put(key, version, ordinal),
  value: undefined,
})

const committed = [put('a', 3), put('b', 4, 1), put('c', 4, 2), deletion('b', 7), put('b', 9)]
const all = { from: utf8('') }
const onlyB = { from: utf8('b'), to: utf8('c') }
const start = { index: 0, ordinal: 0 }

describe('what a watch shows', () => {
  test('all changes of its range in order, each once, is right', () => {
    const checker = new WatchChecker(committed, onlyB, start)
    for (const change of [committed[1]!, committed[3]!, committed[4]!]) {
      expect(checker.isCaughtUp).toBe(false)
      expect(checker.shown(change)).toBeUndefined()
    }
    expect(checker.isCaughtUp).toBe(true)
  })

  test('a place in the middle of a commit is gone on from right after it', () => {
    expect(new WatchChecker(committed, all, { index: 4, ordinal: 1 }).shown(committed[2]!)).toBeUndefined()
    expect(new WatchChecker(committed, all, { index: 4, ordinal: 0 }).shown(committed[1]!)).toBeUndefined()
  })

  test.each([
    ['a gap', 0, 2],
    ['a repeat', 4, 0],
  ])('%s is told', (_name, index, shown) => {
    const checker = new WatchChecker(committed, all, { index, ordinal: 1 })
    expect(checker.shown(committed[shown]!)).toContain('shown was put')
  })

  test('another value, a change of another range and one that never was are told', () => {
    const next = () => new WatchChecker(committed, onlyB, start)
    expect(next().shown(put('b', 4, 1, 'other'))).toBeDefined()
    expect(next().shown(deletion('b', 4))).toBeDefined()
    expect(next().shown(committed[0]!)).toBeDefined()
    const end = new WatchChecker(committed, onlyB, { index: 9, ordinal: 1 })
    expect(end.shown(put('b', 12))).toContain('next is no change')
  })

  test('a place beyond a change that was not shown is told, and one before it is not', () => {
    const checker = new WatchChecker(committed, onlyB, start)
    expect(checker.reached({ index: 4, ordinal: 0 })).toBeUndefined()
    expect(checker.reached({ index: 4, ordinal: 1 })).toContain('nothing more up to 4.1')
  })

  test('what is committed later is expected later', () => {
    const growing = [...committed]
    const checker = new WatchChecker(growing, all, { index: 9, ordinal: 1 })
    expect(checker.isCaughtUp).toBe(true)
    growing.push(put('d', 10))
    expect(checker.isCaughtUp).toBe(false)
    expect(checker.shown(growing.at(-1)!)).toBeUndefined()
  })
})
