import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { text, utf8 } from '../../foundation/bytes.ts'
import { type Disk, DiskError } from '../disk.ts'
import { openFile, promised } from './promises.ts'

export interface DiskCase {
  readonly name: string
  run(disk: Disk): Promise<void>
}

const isMissing = (error: unknown): boolean =>
  error instanceof DiskError && error.reason === 'missing' && error.message.includes(error.path)

/** What every disk does, the real one and the simulated one. */
export const diskCases: readonly DiskCase[] = [
  {
    name: 'reads back what was written, with zeros in the gap before it',
    async run(disk) {
      const file = await openFile(disk, 'a')
      equal(file.sizeBytes, 0)
      await promised((done) => file.write(5, utf8('hello'), done))
      equal(file.sizeBytes, 10)
      deepEqual([...(await promised<Uint8Array>((done) => file.read(3, 4, done)))], [0, 0, ...utf8('he')])
      await promised((done) => file.close(done))
    },
  },
  {
    name: 'reads fewer bytes at the end, and none behind it',
    async run(disk) {
      const file = await openFile(disk, 'a')
      await promised((done) => file.writeSynced(0, utf8('hello'), done))
      equal(text(await promised<Uint8Array>((done) => file.read(3, 100, done))), 'lo')
      equal((await promised<Uint8Array>((done) => file.read(5, 1, done))).length, 0)
      equal((await promised<Uint8Array>((done) => file.read(50, 1, done))).length, 0)
    },
  },
  {
    name: 'writes much and nothing, plain and synced, in any order',
    async run(disk) {
      const file = await openFile(disk, 'a')
      const large = new Uint8Array(3_000_001).map((_, i) => i % 251)
      await promised((done) => file.write(0, large, done))
      await promised((done) => file.writeSynced(7, utf8('synced'), done))
      await promised((done) => file.writeSynced(100, utf8('again'), done))
      await promised((done) => file.write(3, new Uint8Array(0), done))
      await promised((done) => file.sync(done))
      large.set(utf8('synced'), 7)
      large.set(utf8('again'), 100)
      const found = await promised<Uint8Array>((done) => file.read(0, large.length, done))
      ok(Buffer.from(found).equals(large))
    },
  },
  {
    name: 'keeps the bytes when a file is opened again',
    async run(disk) {
      const first = await openFile(disk, 'a')
      await promised((done) => first.writeSynced(0, utf8('kept'), done))
      await promised((done) => first.close(done))
      const second = await openFile(disk, 'a', false)
      equal(second.sizeBytes, 4)
      equal(text(await promised<Uint8Array>((done) => second.read(0, 4, done))), 'kept')
    },
  },
  {
    name: 'truncates, and grows with zeros',
    async run(disk) {
      const file = await openFile(disk, 'a')
      await promised((done) => file.write(0, utf8('hello'), done))
      await promised((done) => file.truncate(2, done))
      equal(file.sizeBytes, 2)
      await promised((done) => file.truncate(4, done))
      equal(file.sizeBytes, 4)
      deepEqual([...(await promised<Uint8Array>((done) => file.read(0, 9, done)))], [...utf8('he'), 0, 0])
    },
  },
  {
    name: 'refuses a missing file, naming it',
    async run(disk) {
      await rejects(openFile(disk, 'none', false), isMissing)
      await rejects(openFile(disk, 'no-directory/file'), isMissing)
      await rejects(
        promised((done) => disk.remove('none', done)),
        isMissing,
      )
      await rejects(
        promised((done) => disk.rename('none', 'other', done)),
        isMissing,
      )
      await rejects(
        promised((done) => disk.syncDirectory('none', done)),
        isMissing,
      )
    },
  },
  {
    name: 'lists, renames over and removes names in directories',
    async run(disk) {
      deepEqual(await promised<readonly string[]>((done) => disk.list('logs', done)), [])
      await promised((done) => disk.makeDirectory('logs/old', done))
      await promised((done) => disk.makeDirectory('logs/old', done))
      const a = await openFile(disk, 'logs/a')
      await openFile(disk, 'logs/b')
      await openFile(disk, 'logs/B')
      await promised((done) => a.writeSynced(0, utf8('from a'), done))
      deepEqual(await promised<readonly string[]>((done) => disk.list('logs', done)), ['B', 'a', 'b', 'old'])
      await promised((done) => disk.rename('logs/a', 'logs/b', done))
      await promised((done) => disk.remove('logs/B', done))
      await promised((done) => disk.syncDirectory('logs', done))
      deepEqual(await promised<readonly string[]>((done) => disk.list('logs', done)), ['b', 'old'])
      const b = await openFile(disk, 'logs/b', false)
      equal(text(await promised<Uint8Array>((done) => b.read(0, 9, done))), 'from a')
    },
  },
  {
    name: 'never calls back before the request returned',
    async run(disk) {
      let returned = false
      const file = await openFile(disk, 'a')
      const seen = new Promise<boolean>((resolve) => file.write(0, utf8('x'), () => resolve(returned)))
      returned = true
      equal(await seen, true)
    },
  },
  {
    name: 'gives the lock again to the one who holds it',
    async run(disk) {
      await promised((done) => disk.lock(done))
      await promised((done) => disk.lock(done))
    },
  },
]
