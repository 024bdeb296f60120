import { expect, test } from 'vitest'
import { wrap } from './wrap.ts'

test('lines break between words, and where they did', () => {
  expect(wrap('read of 3 saw nothing\nthat was written', 12)).toEqual([
    'read of 3',
    'saw nothing',
    'that was',
    'written',
  ])
})

test('a word that is too long stands alone, and an empty line stays', () => {
  expect(wrap('a serializability b', 5)).toEqual(['a', 'serializability', 'b'])
  expect(wrap('a\n\nb', 5)).toEqual(['a', '', 'b'])
})

test('width is columns, not characters', () => {
  expect(wrap('서울 부산', 7)).toEqual(['서울', '부산'])
})

test('lines that begin with blanks keep them, and their columns where they fit', () => {
  expect(wrap('it ends with:\n  write 1   then 1\n  write 12  then 12 (call 3)', 18)).toEqual([
    'it ends with:',
    '  write 1   then 1',
    '  write 12 then 12',
    '  (call 3)',
  ])
})
