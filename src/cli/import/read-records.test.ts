import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readRecords } from './read-records.ts'

async function read(text: string | Uint8Array, chunkBytes = 7): Promise<unknown[]> {
  const bytes = Buffer.from(text)
  async function* chunks() {
    for (let i = 0; i < bytes.length; i += chunkBytes) yield bytes.subarray(i, i + chunkBytes)
  }
  const records: unknown[] = []
  for await (const { record } of readRecords(chunks(), 'input')) records.push(record)
  return records
}

test('a list and lines give the same records, however they are cut', async () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue())
  await fc.assert(
    fc.asyncProperty(
      fc.array(object),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      async (records, chunkBytes, isPretty) => {
        const expected = JSON.parse(JSON.stringify(records))
        expect(await read(JSON.stringify(records, null, isPretty ? 2 : 0), chunkBytes)).toEqual(expected)
        expect(await read(records.map((record) => JSON.stringify(record)).join('\n'), chunkBytes)).toEqual(
          expected,
        )
      },
    ),
  )
})

test('nothing, an empty list and a byte order mark are fine', async () => {
  expect(await read('')).toEqual([])
  expect(await read(' [ ]\n')).toEqual([])
  expect(await read('\ufeff{"a":1}\r\n{"a":2}\r\n')).toEqual([{ a: 1 }, { a: 2 }])
})

test.for([
  ['[{"a":1}', 'the list does not end after record 1'],
  ['[{"a":1},', 'the list does not end after record 1'],
  ['[{"a":1', 'it ends in the middle of record 1'],
  ['[{"a":1},]', '"]" stands after record 1'],
  ['[{"a":1} {"a":2}]', '"{" stands after record 1'],
  ['[{"a":1}]{"a":2}', '"{" stands after record 1'],
  ['[1,2]', '"1" stands at its beginning'],
  ['a,b\n1,2', '"a" stands at its beginning'],
  ['{"a":1}\nb', '"b" stands after record 1'],
  ['{"a":1}\n{a:2}', 'record 2 is not JSON'],
] as const)('%j: %s', async ([text, reason]) => {
  await expect(read(text)).rejects.toThrow(reason)
})

test('text that is not UTF-8 is refused, not repaired', async () => {
  await expect(
    read(Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')])),
  ).rejects.toThrow('record 1')
})

test('a record that never ends is refused before it fills the memory', async () => {
  const endless = async function* () {
    yield Buffer.from('[{"a":"')
    for (;;) yield Buffer.alloc(1 << 20, 0x61)
  }
  await expect(
    (async () => {
      for await (const _ of readRecords(endless(), 'input'));
    })(),
  ).rejects.toThrow('record 1 does not end within')
})
