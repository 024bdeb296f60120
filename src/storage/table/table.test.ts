import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { compareBytes, text, utf8 } from '../../foundation/bytes.ts'
import { groupId, logIndex, nodeId, term } from '../../foundation/ids.ts'
import type { Membership } from '../../protocols/raft/membership.ts'
import { decodeChunk } from '../snapshot/chunk-codec.ts'
import { openLmdbTables } from './lmdb/lmdb-table-store.ts'
import { DurableTables } from './memory/durable-tables.ts'
import { MemoryTableStore } from './memory/memory-table-store.ts'
import type { FrozenTable, Row, RowChange, Table, TablePosition, TableSnapshot, TableStore } from './table.ts'

const membership: Membership = {
  voters: [nodeId(1)],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}

const at = (index: number): TablePosition => ({ index: logIndex(index), term: term(1), membership })

/** One machine: its tables, which end without a flush and begin again. */
interface Machine {
  start(): Promise<TableStore>
  /** Loses what was not flushed. */
  crash(): Promise<void>
  destroy(): Promise<void>
}

function memoryMachine(): Machine {
  const durable = new DurableTables()
  let alive = { is: true }
  return {
    start: async () => {
      const incarnation = { is: true }
      alive = incarnation
      const timer = (_: number, fire: () => void) => {
        setImmediate(() => incarnation.is && fire())
        return { cancel() {} }
      }
      const clock = { monotonicMs: () => performance.now(), wallMs: () => 0 }
      const runtime = { timer, clock } as never
      return new MemoryTableStore({
        runtime,
        durable,
        faults: { delayMs: () => 1, flushError: () => undefined, chunkBytes: 256 },
      })
    },
    crash: async () => void (alive.is = false),
    destroy: async () => void (alive.is = false),
  }
}

function lmdbMachine(): Machine {
  const directory = mkdtempSync(join(tmpdir(), 'dure-table-'))
  let store: TableStore | undefined
  const close = async (): Promise<void> => {
    const open = store
    store = undefined
    if (open !== undefined) await new Promise<void>((resolve) => open.close(resolve))
  }
  return {
    start: () =>
      new Promise((resolve, reject) => {
        const abort = (reason: Error): void => {
          throw reason
        }
        openLmdbTables({ directory: join(directory, 'tables'), abort, chunkBytes: 256 }, (error, tables) => {
          store = tables
          if (tables === undefined) reject(error)
          else resolve(tables)
        })
      }),
    crash: close,
    destroy: async () => {
      await close()
      rmSync(directory, { recursive: true })
    },
  }
}

const flush = (table: Table): Promise<TablePosition> => new Promise((resolve) => table.flush(resolve))

const put = (key: string, value: string): RowChange => ({ key: utf8(key), value: utf8(value) })
const remove = (key: string): RowChange => ({ key: utf8(key), value: undefined })

const pairs = (rows: Iterable<Row>): string[] =>
  [...rows].map(({ key, value }) => `${text(key)}=${text(value)}`)

const all = (table: Table | FrozenTable): string[] => pairs(table.scan(new Uint8Array(0), undefined))

const readChunk = (snapshot: TableSnapshot, chunk: number): Promise<{ bytes: Uint8Array; last: boolean }> =>
  new Promise((resolve) => snapshot.read(chunk, (bytes, last) => resolve({ bytes, last })))

async function readAll(snapshot: TableSnapshot): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  for (let chunk = 0; ; chunk++) {
    const { bytes, last } = await readChunk(snapshot, chunk)
    chunks.push(bytes)
    if (last) return chunks
  }
}

async function receive(table: Table, position: TablePosition, chunks: readonly Uint8Array[]): Promise<void> {
  const receiver = table.receiveSnapshot(position)
  for (const [chunk, bytes] of chunks.entries()) {
    await new Promise<void>((resolve, reject) =>
      receiver.write(chunk, bytes, (error) => (error ? reject(error) : resolve())),
    )
  }
  await new Promise<void>((resolve, reject) =>
    receiver.install((error) => (error ? reject(error) : resolve())),
  )
}

const machines: Machine[] = []
afterEach(async () => {
  for (const machine of machines.splice(0)) await machine.destroy()
})

describe.each([
  ['in memory', memoryMachine],
  ['on LMDB', lmdbMachine],
])('a table %s', (_, make) => {
  const machine = (): Machine => {
    const made = make()
    machines.push(made)
    return made
  }
  const group = groupId(1)

  test('begins empty, at index 0, with the initial membership', async () => {
    const table = (await machine().start()).open(group, membership)
    expect(table.position).toEqual({ index: 0, term: 0, membership })
    expect(all(table)).toEqual([])
    expect(table.get(utf8('a'))).toBeUndefined()
  })

  test('a commit is visible at once, with its position, and durable after a flush', async () => {
    const host = machine()
    const table = (await host.start()).open(group, membership)
    table.commit([put('b', '2'), put('a', '1')], at(5))
    expect(all(table)).toEqual(['a=1', 'b=2'])
    expect(table.position).toEqual(at(5))
    expect(table.durablePosition.index).toBe(0)
    expect(table.unflushedBytes).toBeGreaterThan(0)
    expect(await flush(table)).toEqual(at(5))
    expect(table.durablePosition).toEqual(at(5))
    expect(table.unflushedBytes).toBe(0)
    await host.crash()
    const again = (await host.start()).open(group, membership)
    expect(again.position).toEqual(at(5))
    expect(all(again)).toEqual(['a=1', 'b=2'])
    expect(text(again.get(utf8('b'))!)).toBe('2')
  })

  test('pitfall 11, applied index and state in one step: a crash takes it back to the last finished flush, rows and position together', async () => {
    const host = machine()
    const table = (await host.start()).open(group, membership)
    table.commit([put('a', '1')], at(1))
    await flush(table)
    table.commit([remove('a'), put('b', '2')], at(2))
    await host.crash()
    const again = (await host.start()).open(group, membership)
    expect(again.position).toEqual(at(1))
    expect(all(again)).toEqual(['a=1'])
  })

  test('a position alone is flushed too', async () => {
    const host = machine()
    const table = (await host.start()).open(group, membership)
    table.commit([], at(7))
    expect(await flush(table)).toEqual(at(7))
    await host.crash()
    expect((await host.start()).open(group, membership).position).toEqual(at(7))
  })

  test('flushes that are asked for while one runs share the next', async () => {
    const table = (await machine().start()).open(group, membership)
    table.commit([put('a', '1')], at(1))
    const first = flush(table)
    await new Promise((resolve) => setImmediate(resolve))
    table.commit([put('a', '2')], at(2))
    const others = await Promise.all([flush(table), flush(table)])
    expect(others).toEqual([at(2), at(2)])
    expect((await first).index).toBeGreaterThanOrEqual(1)
  })

  test('what is prepared for a flush is of the very position that the flush takes', async () => {
    const host = machine()
    const table = (await host.start()).open(group, membership)
    const seen: number[] = []
    const flushed = new Promise<TablePosition>((resolve) =>
      table.flush(resolve, () => {
        seen.push(table.position.index)
        table.commit([put('prepared', String(table.position.index))], table.position)
      }),
    )
    // Applied after the flush was asked for, before it began.
    table.commit([put('late', 'x')], at(1))
    const durable = await flushed
    expect(seen).toEqual([durable.index])
    await host.crash()
    const again = (await host.start()).open(group, membership)
    expect(text(again.get(utf8('prepared'))!)).toBe(String(again.position.index))
    expect(again.get(utf8('late')) !== undefined).toBe(again.position.index >= 1)
  })

  test('tables that flush at the same time keep their rows and positions apart', async () => {
    const tables = await machine().start()
    const [large, small] = [tables.open(group, membership), tables.open(groupId(2), membership)]
    // Several pieces: the small table's flush comes to its end in between.
    for (let i = 0; i < 40; i++) large.commit([put(`row ${i}`, 'x'.repeat(32 << 10))], at(i + 1))
    small.commit([put('other', 'y')], at(1))
    const ofLarge = flush(large)
    await flush(small)
    const snapshot = large.openSnapshot()
    const { position } = snapshot
    const rows = (await readAll(snapshot)).flatMap((bytes) => decodeChunk(bytes))
    expect(rows.length).toBe(position.index)
    snapshot.close()
    await ofLarge
  })

  test('removed rows stay hidden above older layers', async () => {
    const table = (await machine().start()).open(group, membership)
    table.commit([put('a', '1'), put('b', '1'), put('c', '1'), put('d', '1')], at(1))
    await flush(table)
    table.commit([remove('b'), put('c', '2')], at(2))
    const flushed = flush(table)
    expect(all(table)).toEqual(['a=1', 'c=2', 'd=1'])
    table.commit([remove('d'), put('b', '3')], at(3))
    expect(all(table)).toEqual(['a=1', 'b=3', 'c=2'])
    expect(table.get(utf8('d'))).toBeUndefined()
    await flushed
    expect(all(table)).toEqual(['a=1', 'b=3', 'c=2'])
    expect(pairs(table.scan(utf8('b'), utf8('c')))).toEqual(['b=3'])
  })

  test('a frozen view does not move with later commits and flushes', async () => {
    const table = (await machine().start()).open(group, membership)
    table.commit([put('a', '1'), put('b', '1')], at(1))
    await flush(table)
    table.commit([put('b', '2'), put('c', '2')], at(2))
    const view = table.freeze()
    table.commit([remove('a'), put('b', '3'), put('d', '3')], at(3))
    await flush(table)
    table.commit([put('e', '4')], at(4))
    await flush(table)
    expect(view.position).toEqual(at(2))
    expect(all(view)).toEqual(['a=1', 'b=2', 'c=2'])
    expect(all(table)).toEqual(['b=3', 'c=2', 'd=3', 'e=4'])
    view.close()
  })

  test('groups do not see each other', async () => {
    const host = machine()
    const store = await host.start()
    const one = store.open(groupId(1), membership)
    const two = store.open(groupId(2), membership)
    one.commit([put('a', '1')], at(1))
    two.commit([put('a', '2'), put('b', '2')], at(9))
    await flush(one)
    await flush(two)
    await host.crash()
    const again = await host.start()
    expect(all(again.open(groupId(1), membership))).toEqual(['a=1'])
    expect(all(again.open(groupId(2), membership))).toEqual(['a=2', 'b=2'])
  })

  test('a snapshot travels in chunks, any of them twice, and replaces what was there in one durable step', async () => {
    const source = (await machine().start()).open(group, membership)
    const rows = Array.from({ length: 40 }, (_, i) => put(`key ${String(i).padStart(3, '0')}`, 'x'.repeat(i)))
    source.commit(rows, at(40))
    await flush(source)
    source.commit([put('later', 'not durable')], at(41))
    const snapshot = source.openSnapshot()
    await flush(source)
    const chunks = await readAll(snapshot)
    expect(snapshot.position).toEqual(at(40))
    expect(chunks.length).toBeGreaterThan(3)
    expect((await readChunk(snapshot, 2)).bytes).toEqual(chunks[2])
    expect((await readChunk(snapshot, chunks.length - 1)).last).toBe(true)
    expect((await readChunk(snapshot, 0)).last).toBe(false)
    snapshot.close()

    const host = machine()
    const target = (await host.start()).open(group, membership)
    target.commit([put('old', 'row')], at(3))
    await flush(target)
    target.commit([put('older', 'row')], at(4))
    await receive(target, at(40), chunks)
    expect(target.position).toEqual(at(40))
    expect(target.durablePosition).toEqual(at(40))
    expect(all(target)).toEqual(rows.map(({ key, value }) => `${text(key)}=${text(value!)}`))
    target.commit([put('z', 'after')], at(42))
    await host.crash()
    const again = (await host.start()).open(group, membership)
    expect(again.position).toEqual(at(40))
    expect(all(again).length).toBe(40)
    expect(again.get(utf8('old'))).toBeUndefined()
  })

  test('an empty table is a snapshot of one chunk', async () => {
    const source = (await machine().start()).open(group, membership)
    source.commit([put('a', '1')], at(1))
    await flush(source)
    source.commit([remove('a')], at(2))
    await flush(source)
    const snapshot = source.openSnapshot()
    const chunks = await readAll(snapshot)
    snapshot.close()
    expect(chunks.length).toBe(1)
    const target = (await machine().start()).open(group, membership)
    target.commit([put('b', '1')], at(1))
    await receive(target, at(2), chunks)
    expect(all(target)).toEqual([])
  })

  test('a snapshot that never comes to an end leaves the table as it was', async () => {
    const host = machine()
    const source = (await machine().start()).open(group, membership)
    source.commit(
      Array.from({ length: 40 }, (_, i) => put(`key ${i}`, 'x'.repeat(30))),
      at(40),
    )
    await flush(source)
    const chunks = await readAll(source.openSnapshot())
    const target = (await host.start()).open(group, membership)
    target.commit([put('own', '1')], at(3))
    await flush(target)
    const receiver = target.receiveSnapshot(at(40))
    await new Promise<void>((resolve) => receiver.write(0, chunks[0]!, () => resolve()))
    expect(all(target)).toEqual(['own=1'])
    const newer = target.receiveSnapshot(at(40))
    await new Promise<void>((resolve) => newer.write(0, chunks[0]!, () => resolve()))
    await host.crash()
    const again = (await host.start()).open(group, membership)
    expect(again.position).toEqual(at(3))
    expect(all(again)).toEqual(['own=1'])
    await receive(again, at(40), chunks)
    expect(all(again).length).toBe(40)
  })

  test('what was installed stays durable when the next snapshot begins to arrive', async () => {
    const source = (await machine().start()).open(group, membership)
    source.commit([put('a', '1'), put('b', '2')], at(40))
    await flush(source)
    const chunks = await readAll(source.openSnapshot())
    const host = machine()
    const target = (await host.start()).open(group, membership)
    await receive(target, at(40), chunks)
    const next = target.receiveSnapshot(at(50))
    await new Promise<void>((resolve) => next.write(0, chunks[0]!, () => resolve()))
    await host.crash()
    const again = (await host.start()).open(group, membership)
    expect(again.position).toEqual(at(40))
    expect(all(again)).toEqual(['a=1', 'b=2'])
  })

  test('a damaged chunk and one out of turn are refused', async () => {
    const source = (await machine().start()).open(group, membership)
    source.commit([put('a', '1')], at(1))
    await flush(source)
    const [chunk] = await readAll(source.openSnapshot())
    const damaged = chunk!.slice()
    damaged[damaged.length - 1]! ^= 1
    const receiver = source.receiveSnapshot(at(9))
    const answer = (index: number, bytes: Uint8Array): Promise<Error | undefined> =>
      new Promise((resolve) => receiver.write(index, bytes, resolve))
    expect(await answer(0, damaged)).toMatchObject({ code: 'corrupt' })
    expect(await answer(1, chunk!)).toBeInstanceOf(Error)
    expect(await answer(0, chunk!)).toBeUndefined()
  })

  test('agrees with a plain map through commits, flushes, crashes, views and scans', async () => {
    const key = fc
      .uint8Array({ minLength: 1, maxLength: 3 })
      .map((bytes) => bytes.map((byte) => [0, 1, 97, 255][byte % 4]!))
    const change = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 12 }), { nil: undefined }) })
    const command = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constant('commit' as const),
          changes: fc.array(change, { maxLength: 6 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'begin-flush' as const) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'freeze' as const, 'freeze' as const) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('scan' as const),
          from: key,
          to: fc.option(key, { nil: undefined }),
        }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
        const host = machine()
        await playAgainstModel(host, commands)
        machines.splice(machines.indexOf(host), 1)
        await host.destroy()
      }),
      // Each start of a machine on LMDB starts a thread.
      make === memoryMachine ? { numRuns: 200 } : { numRuns: 8, endOnFailure: true },
    )
  })

  type Command =
    | { readonly do: 'commit'; readonly changes: readonly RowChange[] }
    | { readonly do: 'flush' | 'begin-flush' | 'crash' | 'freeze' }
    | { readonly do: 'scan'; readonly from: Uint8Array; readonly to: Uint8Array | undefined }

  async function playAgainstModel(host: Machine, commands: readonly Command[]): Promise<void> {
    let table = (await host.start()).open(group, membership)
    /** The rows at each index that a flush may leave. */
    const history = new Map<number, Map<string, Row>>([[0, new Map()]])
    let views: { view: FrozenTable; model: Map<string, Row> }[] = []
    let index = 0
    let durable = 0
    const model = (): Map<string, Row> => history.get(index)!
    for (const command of commands) {
      switch (command.do) {
        case 'commit': {
          const next = new Map(model())
          for (const { key, value } of command.changes) {
            const name = Buffer.from(key).toString('hex')
            if (value === undefined) next.delete(name)
            else next.set(name, { key, value })
          }
          history.set(++index, next)
          table.commit(command.changes, at(index))
          break
        }
        case 'flush':
          durable = (await flush(table)).index
          expect(durable).toBe(index)
          break
        case 'begin-flush':
          table.flush(() => {})
          break
        case 'crash': {
          await host.crash()
          views = []
          table = (await host.start()).open(group, membership)
          index = table.position.index
          expect(index).toBeGreaterThanOrEqual(durable)
          expect(history.has(index)).toBe(true)
          break
        }
        case 'freeze':
          views.push({ view: table.freeze(), model: model() })
          break
        case 'scan':
          expectRows([...table.scan(command.from, command.to)], model(), command.from, command.to)
          for (const { view, model } of views)
            expectRows([...view.scan(command.from, command.to)], model, command.from, command.to)
          break
      }
      for (const [, { key, value }] of model()) expect(table.get(key)).toEqual(Uint8Array.from(value))
    }
    for (const { view, model } of views) {
      expectRows([...view.scan(new Uint8Array(0), undefined)], model, new Uint8Array(0), undefined)
      view.close()
    }
  }

  function expectRows(
    found: readonly Row[],
    model: ReadonlyMap<string, Row>,
    from: Uint8Array,
    to: Uint8Array | undefined,
  ): void {
    const expected = [...model.values()]
      .filter(({ key }) => compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0))
      .sort((a, b) => compareBytes(a.key, b.key))
    const plain = (rows: readonly Row[]) => rows.map(({ key, value }) => [[...key], [...value]])
    expect(plain(found)).toEqual(plain(expected))
  }
})
