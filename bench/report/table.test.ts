import { expect, test } from 'vitest'
import { formatNumber, formatTable } from './table.ts'

test('columns are as wide as their widest cell, numbers to the right', () => {
  const table = formatTable(
    [
      { title: 'operation', align: 'left' },
      { title: '/s', align: 'right' },
    ],
    [
      ['put', '15,157'],
      ['get', '9'],
    ],
  )
  expect(table).toBe(
    [
      '| operation |     /s |',
      '| --------- | -----: |',
      '| put       | 15,157 |',
      '| get       |      9 |',
    ].join('\n'),
  )
})

test('a row that does not fit its columns is refused', () => {
  expect(() => formatTable([{ title: 'a', align: 'left' }], [['1', '2']])).toThrow(
    '2 cells in a table of 1 columns',
  )
})

test('numbers keep three significant digits and get separators above a thousand', () => {
  expect([0, 0.07318, 9.477, 12.3456, 999.4, 999.6, 1_077, 1_234_567.8].map(formatNumber)).toEqual([
    '0',
    '0.0732',
    '9.48',
    '12.3',
    '999',
    '1,000',
    '1,077',
    '1,234,568',
  ])
})
