import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { text, utf8 } from '../../foundation/bytes.ts'
import type { Disk } from '../../runtime/disk.ts'
import { NodeDisk } from '../../runtime/node/node-disk.ts'
import { diskCases } from '../../runtime/testing/disk-cases.ts'
import { openFile, promised } from '../../runtime/testing/promises.ts'
import { unsyncedDisk } from './unsynced-disk.ts'

let directory: string
let root: string
let below: NodeDisk
let disk: Disk

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-unsynced-'))
  root = join(directory, 'root')
  mkdirSync(root)
  below = new NodeDisk(root)
  disk = unsyncedDisk(below)
})
afterEach(() => {
  below.release()
  rmSync(directory, { recursive: true, force: true })
})

describe('the disk that forgets, as every disk', () => {
  for (const { name, run } of diskCases) test(name, () => run(disk))
})

/** As the next process would find it, were this one killed now. */
const found = async (path: string): Promise<string | undefined> => {
  const copy = join(directory, 'copy')
  rmSync(copy, { recursive: true, force: true })
  cpSync(root, copy, { recursive: true })
  const next = unsyncedDisk(new NodeDisk(copy))
  const slash = path.lastIndexOf('/')
  const names = await promised<readonly string[]>((done) =>
    next.list(path.slice(0, Math.max(0, slash)), done),
  )
  if (!names.includes(path.slice(slash + 1))) return undefined
  const file = await openFile(next, path, false)
  return text(await promised<Uint8Array>((done) => file.read(0, 100, done)))
}

const syncNames = (path = '.') => promised((done) => disk.syncDirectory(path, done))

async function write(path: string, value: string): Promise<void> {
  const file = await openFile(disk, path)
  await promised((done) => file.writeSynced(0, utf8(value), done))
  await promised((done) => file.close(done))
}

describe('without a sync', () => {
  test('bytes are read here and lost with the process, also when the file was closed', async () => {
    await write('a', 'synced')
    await syncNames()
    const file = await openFile(disk, 'a')
    await promised((done) => file.write(0, utf8('Lost'), done))
    await promised((done) => file.close(done))
    const again = await openFile(disk, 'a')
    expect(text(await promised<Uint8Array>((done) => again.read(0, 9, done)))).toBe('Losted')
    expect(await found('a')).toBe('synced')
    await promised((done) => again.sync(done))
    expect(await found('a')).toBe('Losted')
  })

  test('a truncated file grows back', async () => {
    await write('a', 'synced')
    await syncNames()
    const file = await openFile(disk, 'a')
    await promised((done) => file.truncate(2, done))
    expect(await found('a')).toBe('synced')
    await promised((done) => file.sync(done))
    expect(await found('a')).toBe('sy')
  })

  test('a new name is lost, whatever was synced under it', async () => {
    await write('a', 'bytes')
    expect(await found('a')).toBeUndefined()
  })

  test('a name that moved is where it was', async () => {
    await write('a', 'bytes')
    await syncNames()
    await promised((done) => disk.rename('a', 'b', done))
    await write('a', 'another')
    expect([await found('a'), await found('b')]).toEqual(['bytes', undefined])
    await syncNames()
    expect([await found('a'), await found('b')]).toEqual(['another', 'bytes'])
  })

  test('a name that was removed is back', async () => {
    await write('a', 'bytes')
    await syncNames()
    await promised((done) => disk.remove('a', done))
    expect(await promised<readonly string[]>((done) => disk.list('.', done))).toEqual([])
    expect(await found('a')).toBe('bytes')
    await syncNames()
    expect(await found('a')).toBeUndefined()
  })

  test('names in a new directory need its own name too', async () => {
    await promised((done) => disk.makeDirectory('log', done))
    await write('log/1', 'one')
    await syncNames('log')
    expect(await found('log/1')).toBeUndefined()
    await write('log/2', 'two')
    await syncNames()
    expect([await found('log/1'), await found('log/2')]).toEqual(['one', undefined])
    await syncNames('log')
    expect(await found('log/2')).toBe('two')
  })
})

test('what is left of an earlier process is cleared away', async () => {
  await write('a', 'never synced')
  disk = unsyncedDisk(below)
  await promised((done) => disk.lock(done))
  expect(await promised<readonly string[]>((done) => below.list('.unsynced', done))).toEqual([])
})

test('a sync carries what was written before it, also while another one runs', async () => {
  await write('a', '......')
  await syncNames()
  const file = await openFile(disk, 'a')
  await promised((done) => file.write(0, utf8('1'), done))
  const first = promised((done) => file.sync(done))
  await promised((done) => file.write(1, utf8('2'), done))
  const second = promised((done) => file.sync(done))
  await first
  expect(await found('a')).toMatch(/^1/)
  await second
  expect(await found('a')).toBe('12....')
  await promised((done) => file.write(2, utf8('3'), done))
  expect(text(await promised<Uint8Array>((done) => file.read(0, 9, done)))).toBe('123...')
  expect(await found('a')).toBe('12....')
})
