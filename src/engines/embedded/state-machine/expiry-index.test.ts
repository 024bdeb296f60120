import { expect, test } from 'vitest'
import { compareBytes, text, utf8 } from '../../../foundation/bytes.ts'
import type { Table } from '../../../storage/table/table.ts'
import { ExpiryIndex } from './expiry-index.ts'
import { space, systemRowKey } from './row.ts'

/** Rows in order; says from which key each read began. */
class WatchedRows {
  rows: Uint8Array[] = []
  readonly begins: string[] = []

  scan(from: Uint8Array, to: Uint8Array) {
    this.begins.push(text(from.subarray(9)))
    const found = this.rows.filter((row) => compareBytes(row, from) >= 0 && compareBytes(row, to) < 0)
    return found.map((key) => ({ key, value: new Uint8Array(0) }))
  }
}

test('keys that go at one time are found from the last one that was taken, and not from the first of that time', () => {
  const watched = new WatchedRows()
  const index = new ExpiryIndex(watched as unknown as Table)
  watched.rows = ['a', 'b', 'c', 'd', 'e'].map((key) => systemRowKey(space.expiry, 100, utf8(key)))
  for (const row of watched.rows) index.added(row, 100)
  const taken: string[][] = []
  while (index.isDue(101)) {
    const rows = index.takeExpired(101, 2)
    taken.push(rows.map((row) => text(row.subarray(9))))
    watched.rows = watched.rows.slice(rows.length)
  }
  expect(taken).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  expect(watched.begins).toEqual(['', 'a', 'b', 'c', 'd', 'e'])
  expect(index.nextExpiryMs).toBe(Number.POSITIVE_INFINITY)
})
