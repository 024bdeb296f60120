import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { text, utf8 } from '../../foundation/bytes.ts'
import { openDirectory } from './open-directory.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-embedded-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

test('whoever closes a store, first or second, has it closed: the directory can be opened again', async () => {
  const store = await openDirectory(directory)
  await store.put(utf8('a'), utf8('1'))
  void store.close()
  await store.close()

  const again = await openDirectory(directory)
  const found = await again.get(utf8('a'))
  expect(found.exists && text(found.value)).toBe('1')
  await again.close()
})

test('a cursor is good for the directory that it is of, and for no other in its place', async () => {
  const first = await openDirectory(directory)
  for (let i = 0; i < 20; i++) await first.put(utf8('a'), utf8('1'))
  const cursor = await first.cursor()
  await first.close()
  const again = await openDirectory(directory)
  await expect(again.watch({ from: utf8(''), to: undefined }, { from: cursor }).ready).resolves.toBe(cursor)
  await again.close()

  rmSync(directory, { recursive: true })
  mkdirSync(directory)
  const other = await openDirectory(directory)
  const watch = other.watch({ from: utf8(''), to: undefined }, { from: cursor })
  await expect(watch.ready).rejects.toMatchObject({ code: 'compacted' })
  await other.close()
})
