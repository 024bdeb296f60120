import { expect, test } from 'vitest'
import { renderTable } from './table.ts'

const plain = (_tone: string, text: string) => text

test('columns are as wide as their widest place, in terminal columns', () => {
  const columns = [
    { title: 'NODE', align: 'left' },
    { title: 'LAG', align: 'right' },
    { title: 'NAME', align: 'left' },
  ] as const
  const rows = [
    [{ text: '1' }, { text: '12,345' }, { text: '서울' }],
    [{ text: '2' }, { text: '0' }, { text: 'Busan' }],
  ]
  expect(renderTable(columns, rows, plain)).toBe(
    [
      'NODE     LAG  NAME', //
      '1     12,345  서울',
      '2          0  Busan',
      '',
    ].join('\n'),
  )
})

test('colours do not count as width', () => {
  const loud = (_tone: string, text: string) => `<<${text}>>`
  const columns = [
    { title: 'A', align: 'left' },
    { title: 'B', align: 'left' },
  ] as const
  expect(renderTable(columns, [[{ text: 'x', tone: 'bad' }, { text: 'y' }]], loud)).toBe(
    '<<A>>  <<B>>\n<<x>>  <<y>>\n',
  )
})
