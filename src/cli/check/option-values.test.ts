import { expect, test } from 'vitest'
import { historyValue, setting } from './option-values.ts'

test.for([
  ['0', 0],
  ['-3', -3],
  ['nil', null],
  ['null', null],
  ['absent', null],
  ['"a text"', 'a text'],
  ['word', 'word'],
  [':keyword', 'keyword'],
  ['true', true],
  ['[1 2]', [1, 2]],
  ['[1, 2]', [1, 2]],
  ['{"x": 0}', new Map([['x', 0]])],
  ['{:x 0, :y 1}', new Map(Object.entries({ x: 0, y: 1 }))],
] as const)('%s is a value of a history', ([text, value]) => {
  expect(historyValue(text)).toEqual(value)
})

test.for(['', '{', '1 2', '"open'])('%j is none', (text) => {
  expect(() => historyValue(text)).toThrow('Use a value in JSON or EDN')
})

test('options of a check are named, and may be several', () => {
  expect(setting('drained=true', setting('total=100'))).toEqual({ total: 100, drained: true })
  expect(() => setting('total')).toThrow('Use name=value')
  expect(() => setting('=3')).toThrow('Use name=value')
})
