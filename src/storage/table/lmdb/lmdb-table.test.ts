import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { text, utf8 } from '../../../foundation/bytes.ts'
import { groupId, logIndex, nodeId, term } from '../../../foundation/ids.ts'
import type { Table, TablePosition, TableStore } from '../table.ts'
import { openDatabase } from './environment.ts'
import { FORMAT_KEY, metaKey, rowPrefix, withPrefix } from './key.ts'
import { type LmdbTablesOptions, openLmdbTables } from './lmdb-table-store.ts'

const membership = {
  voters: [nodeId(1)],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}
const at = (index: number): TablePosition => ({ index: logIndex(index), term: term(1), membership })
const group = groupId(1)
const program = new URL('./testing/flush-forever.ts', import.meta.url).pathname

const directories: string[] = []
function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'dure-lmdb-'))
  directories.push(made)
  return made
}
afterEach(() => {
  for (const made of directories.splice(0)) rmSync(made, { recursive: true })
})

const open = (path: string, options: Partial<LmdbTablesOptions> = {}): Promise<TableStore> =>
  new Promise((resolve, reject) => {
    const abort = (reason: Error): void => {
      throw reason
    }
    openLmdbTables({ directory: path, abort, ...options }, (error, tables) =>
      tables === undefined ? reject(error) : resolve(tables),
    )
  })

const close = (store: TableStore): Promise<void> => new Promise((resolve) => store.close(resolve))
const flush = (table: Table): Promise<TablePosition> => new Promise((resolve) => table.flush(resolve))

test('a row that was damaged, or that turns up under another key, is told', async () => {
  const path = directory()
  const store = await open(path)
  const table = store.open(group, membership)
  table.commit(
    [
      { key: utf8('a'), value: utf8('1') },
      { key: utf8('b'), value: utf8('2') },
      { key: utf8('c'), value: utf8('3') },
    ],
    at(1),
  )
  await flush(table)
  await close(store)

  const database = openDatabase(path)
  const key = (name: string): Uint8Array => withPrefix(rowPrefix(group, 1), utf8(name))
  const stored = database.get(key('a'))!.slice()
  database.putSync(key('b'), stored)
  stored[stored.length - 1]! ^= 1
  database.putSync(key('a'), stored)
  await database.close()

  const again = await open(path)
  const damaged = again.open(group, membership)
  expect(() => damaged.get(utf8('a'))).toThrow(
    expect.objectContaining({
      code: 'corrupt',
      message: expect.stringContaining('built again from its peers'),
    }),
  )
  expect(() => damaged.get(utf8('b'))).toThrow(expect.objectContaining({ code: 'corrupt' }))
  expect(text(damaged.get(utf8('c'))!)).toBe('3')
  expect(() => [...damaged.scan(utf8('a'), undefined)]).toThrow(expect.objectContaining({ code: 'corrupt' }))
  await close(again)
})

test('a newer format, and a damaged position, are refused', async () => {
  const path = directory()
  const store = await open(path)
  const table = store.open(group, membership)
  table.commit([], at(1))
  await flush(table)
  await close(store)

  const database = openDatabase(path)
  const meta = database.get(metaKey(group))!.slice()
  meta[20]! ^= 1
  database.putSync(metaKey(group), meta)
  await database.close()
  const again = await open(path)
  expect(() => again.open(group, membership)).toThrow(expect.objectContaining({ code: 'corrupt' }))
  await close(again)

  const newer = openDatabase(path)
  newer.putSync(FORMAT_KEY, utf8('2'))
  await newer.close()
  await expect(open(path)).rejects.toMatchObject({
    code: 'data-directory',
    message: expect.stringContaining('format 2'),
  })
})

test('a full disk stops the node with a sentence, and what was durable stays', async () => {
  const path = directory()
  // A limit on the size of a file, which LMDB meets as it would meet the end of the disk.
  const command = `ulimit -f 8192; exec "${process.execPath}" "${program}" "${path}" grow`
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) lines.push(line)
  expect(await ended).toBe(3)
  expect(lines.pop()).toMatch(/^disk: cannot write the tables in .*: the disk failed or is full/)
  const store = await open(path)
  const table = store.open(group, membership)
  expect(table.position.index).toBe(Number(lines.pop()))
  expect([...table.scan(utf8('row'), undefined)].length).toBe(50)
  await close(store)
})

test('views are bounded in number', async () => {
  const store = await open(directory(), { viewsMax: 2 })
  const table = store.open(group, membership)
  const first = table.freeze()
  const second = table.openSnapshot()
  expect(() => table.freeze()).toThrow(expect.objectContaining({ code: 'overloaded', retryable: true }))
  first.close()
  table.freeze().close()
  second.close()
  await close(store)
})

test('rows of a table that a snapshot replaced are removed after a while', async () => {
  const path = directory()
  const store = await open(path)
  const table = store.open(group, membership)
  table.commit(
    Array.from({ length: 5_000 }, (_, i) => ({ key: utf8(`old ${i}`), value: utf8('x') })),
    at(1),
  )
  await flush(table)
  const source = store.open(groupId(2), membership)
  source.commit([{ key: utf8('new'), value: utf8('y') }], at(9))
  await flush(source)
  const snapshot = source.openSnapshot()
  const chunk = await new Promise<Uint8Array>((resolve) => snapshot.read(0, resolve))
  snapshot.close()
  const receiver = table.receiveSnapshot(at(9))
  await new Promise<void>((resolve) => receiver.write(0, chunk, () => resolve()))
  await new Promise<void>((resolve) => receiver.install(() => resolve()))
  expect([...table.scan(utf8(''), undefined)].length).toBe(1)
  // What is asked for waits its turn behind a slice of the removal, so a few flushes see the end of it.
  for (let i = 10; i < 20; i++) {
    table.commit([], at(i))
    await flush(table)
  }
  await close(store)
  const database = openDatabase(path)
  const left = [...database.getKeys({ start: rowPrefix(group, 1), end: rowPrefix(group, 2) })]
  expect(left.length).toBe(0)
  await database.close()
})

test('a process that is killed at any time leaves rows and position of one flush', async () => {
  const path = directory()
  let least = 0
  for (let run = 0; run < 3; run++) {
    const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      least = Number(line)
      if (++lines === 5 + run) child.kill('SIGKILL')
    }
    await ended
    const store = await open(path)
    const table = store.open(group, membership)
    const { index } = table.position
    expect(index).toBeGreaterThanOrEqual(least)
    const rows = [...table.scan(utf8(''), undefined)]
    expect(rows.length).toBe(50)
    for (const { value } of rows) expect(text(value)).toBe(String(index))
    await close(store)
  }
  expect(readFileSync(join(path, 'data.mdb')).length).toBeGreaterThan(0)
})
