import { text, utf8 } from '../../../foundation/bytes.ts'
import { cursorFromText } from '../cursor.ts'
import type { KeyValueStore } from '../key-value-store.ts'
import { prefixRange } from '../prefix-range.ts'
import { isNewer } from '../version.ts'
import type { Watch } from '../watch.ts'
import {
  type ConformanceCase,
  type ConformanceContext,
  collect,
  expectEqual,
  expectError,
  expectTrue,
  withStore,
} from './conformance-case.ts'
import { described, Watcher } from './waiting.ts'

const one = utf8('1')
const two = utf8('2')
const complete = 'watch: every change, in the order of its commit, once'
const placed = 'cursor: everything that finished before the call began lies before it'
const needs = ['watch'] as const

export const watchCases: readonly ConformanceCase[] = [
  {
    name: 'a watch sees what is written after it is ready, in order, with values and versions',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        await store.put(key('a'), utf8('before'))
        const watcher = await Watcher.ready(context, store)
        const first = await store.put(key('b'), one)
        const second = await store.put(key('a'), two)
        await store.delete(key('b'))
        const last = await store.put(key('b'), two)
        const changes = await watcher.take(4)
        expectEqual(
          described(context, changes),
          ['put b = 1', 'put a = 2', 'delete b', 'put b = 2'],
          'the changes',
        )
        const [b, a, deletion, again] = changes.map(({ version }) => version)
        expectEqual([b, a, again], [first.version, second.version, last.version], 'the versions of the puts')
        expectTrue(isNewer(deletion!, b!), 'a deletion is newer than what it deleted')
        expectTrue(isNewer(again!, deletion!), 'a put is newer than the deletion before it')
      }),
  },
  {
    name: 'a watch from a cursor sees everything after it and nothing before',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        await store.put(key('a'), one)
        const from = await store.cursor()
        await store.put(key('a'), two)
        await store.delete(key('a'))
        const watcher = new Watcher(context, store, { from })
        expectEqual(described(context, await watcher.take(2)), ['put a = 2', 'delete a'], 'the changes')
        await store.put(key('c'), one)
        expectEqual(described(context, await watcher.take(1)), ['put c = 1'], 'the change that came later')
      }),
  },
  {
    name: 'a watch that is left in the middle has its cursor there, whatever has come since',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        let place = await store.cursor()
        const values = ['1', '2', '3', '4', '5', '6']
        for (const value of values) await store.put(key('a'), utf8(value))
        const seen: string[] = []
        for (let left = values.length; left > 0; left--) {
          const watch: Watch = store.watch(prefixRange(key('')), { from: place })
          for await (const change of watch) {
            seen.push(...described(context, [change]))
            break
          }
          place = watch.cursor!
        }
        expectEqual(
          seen,
          values.map((value) => `put a = ${value}`),
          'the changes, one for each watch',
        )
      }),
  },
  {
    name: 'the changes of a commit come in the order of its operations, and a watch goes on between them',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        await store.put(key('b'), one)
        const from = await store.cursor()
        const result = await store.commit({
          operations: [
            { kind: 'put', key: key('c'), value: one },
            { kind: 'delete', key: key('b') },
            { kind: 'delete', key: key('nothing') },
            { kind: 'put', key: key('a'), value: one },
          ],
        })
        await store.put(key('d'), one)
        const expected = ['put c = 1', 'delete b', 'put a = 1', 'put d = 1']
        const changes = await new Watcher(context, store, { from }).take(4)
        expectEqual(described(context, changes), expected, 'the changes')
        const { version } = result as Extract<typeof result, { committed: true }>
        expectEqual([changes[0]!.version, changes[2]!.version], [version, version], 'the versions')
        for (const [i, { cursor }] of changes.slice(0, 3).entries()) {
          const rest = await new Watcher(context, store, { from: cursor }).take(3 - i)
          expectEqual(described(context, rest), expected.slice(i + 1), `the changes after change ${i + 1}`)
        }
      }),
  },
  {
    name: 'what changes nothing is no change',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const { version } = await store.put(key('a'), one)
        await store.put(key('a'), two)
        const watcher = await Watcher.ready(context, store)
        await store.delete(key('nothing'))
        await expectError(() => store.put(key('a'), one, { ifVersion: version }), {
          code: 'comparison-failed',
          outcome: 'failed',
        })
        await store.commit({
          comparisons: [{ key: key('a'), version }],
          operations: [{ kind: 'put', key: key('b'), value: one }],
        })
        await store.put(key('c'), one)
        expectEqual(described(context, await watcher.take(1)), ['put c = 1'], 'the first change')
      }),
  },
  {
    name: 'a put of the value that is there already is a change',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        await store.put(key('a'), one)
        const watcher = await Watcher.ready(context, store)
        const { version } = await store.put(key('a'), one)
        const [change] = await watcher.take(1)
        expectEqual(change!.version, version, 'the version')
      }),
  },
  {
    name: 'a watch sees the keys of its range and no others',
    guarantee: 'watch: the keys with from <= key < to',
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const from = await store.cursor()
        for (const name of ['a', 'b', 'b/', 'b/1', 'b0', 'c', 'd']) await store.put(key(name), one)
        const changes = async (range: { from: Uint8Array; to?: Uint8Array }, count: number) => {
          const seen = []
          for await (const change of store.watch(range, { from })) {
            seen.push(change)
            if (seen.length === count) break
          }
          return described(context, seen)
        }
        expectEqual(
          await changes({ from: key('b'), to: key('c') }, 4),
          named('b', 'b/', 'b/1', 'b0'),
          'b to c',
        )
        expectEqual(await changes(prefixRange(key('b/')), 2), named('b/', 'b/1'), 'the prefix b/')
        expectEqual(await changes({ from: key('b0'), to: key('e') }, 3), named('b0', 'c', 'd'), 'b0 to e')
      }),
  },
  {
    name: 'a watch without an end sees the keys after its beginning',
    guarantee: 'watch: the keys with from <= key < to',
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const from = await store.cursor()
        await store.put(key('a'), one)
        await store.put(key('b'), one)
        for await (const change of store.watch({ from: key('b') }, { from })) {
          // Others may write behind the keys of this case.
          if (!text(change.key).startsWith(context.prefix)) continue
          expectEqual(described(context, [change]), ['put b = 1'], 'the first change')
          break
        }
      }),
  },
  {
    name: 'a watch goes on in another client, from a cursor that was kept as text',
    guarantee: complete,
    needs,
    run: async (context) => {
      const kept = { text: '' }
      await withStore(context, async (store, key) => {
        const watcher = await Watcher.ready(context, store)
        for (const name of ['a', 'b', 'c', 'd']) await store.put(key(name), one)
        const [, second] = await watcher.take(2)
        kept.text = second!.cursor
      })
      await withStore(context, async (store) => {
        const watcher = new Watcher(context, store, { from: cursorFromText(kept.text) })
        expectEqual(described(context, await watcher.take(2)), named('c', 'd'), 'the changes')
      })
    },
  },
  {
    name: 'the cursor of a watch is after what was handed over',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const watcher = await Watcher.ready(context, store)
        for (const name of ['a', 'b', 'c']) await store.put(key(name), one)
        await watcher.take(2)
        const from = watcher.watch.cursor
        expectTrue(from !== undefined, 'a watch that is ready has a cursor')
        const again = new Watcher(context, store, { from: from! })
        expectEqual(described(context, await again.take(1)), named('c'), 'the changes after it')
      }),
  },
  {
    name: 'watchers see the same changes in the same order while clients write, also when they keep going away',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, (steady) =>
        withStore(context, async (restless, key) => {
          const clients = 4
          const writesEach = 25
          const count = clients * writesEach
          const from = await steady.cursor()
          const watcher = await Watcher.ready(context, steady, { from })
          const seenByBoth = Promise.all([watcher.take(count), takeInPieces(context, restless, from, count)])
          const written = await Promise.all(
            Array.from({ length: clients }, (_, client) => writeMany(context, key, client, writesEach)),
          )
          const [seen, seenInPieces] = await seenByBoth
          expectEqual(seenInPieces.map(exactly), seen.map(exactly), 'the changes, seen in pieces')
          expectEqual(
            seen.map(({ version }) => version as number).toSorted((left, right) => left - right),
            written.flat().toSorted((left, right) => left - right),
            'the versions seen, against those that writers were told',
          )
          for (const name of ['k0', 'k1', 'k2']) {
            const versions = seen.filter((change) => text(change.key) === text(key(name)))
            const isOrdered = versions.every(
              (change, i) => i === 0 || isNewer(change.version, versions[i - 1]!.version),
            )
            expectTrue(isOrdered, `the versions of ${name} grow`)
          }
        }),
      ),
  },
  {
    name: 'a cursor, then a range, then a watch make a copy that misses nothing',
    guarantee: placed,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const writing = Promise.all([0, 1, 2].map((client) => writeMany(context, key, client, 20)))
        const from = await store.cursor()
        const copy = new Map<string, string>()
        for (const row of await collect(store.range(prefixRange(key('k'))))) {
          copy.set(text(row.key), text(row.value))
        }
        await writing
        await store.put(key('k-end'), one)
        const watcher = new Watcher(context, store, { from })
        for (;;) {
          const [change] = await watcher.take(1)
          if (change!.kind === 'delete') copy.delete(text(change!.key))
          else copy.set(text(change!.key), text(change!.value))
          if (text(change!.key) === text(key('k-end'))) break
        }
        const rows = await collect(store.range(prefixRange(key('k'))))
        expectEqual(
          [...copy].toSorted(),
          rows.map((row) => [text(row.key), text(row.value)]).toSorted(),
          'the copy',
        )
      }),
  },
  {
    name: 'a cursor lies after what another client was told',
    guarantee: placed,
    needs,
    run: (context) =>
      withStore(context, (writer) =>
        withStore(context, async (reader, key) => {
          for (let i = 0; i < 10; i++) {
            await writer.put(key('a'), utf8(`before ${i}`))
            const from = await reader.cursor()
            await writer.put(key('a'), utf8(`after ${i}`))
            const [first] = await new Watcher(context, reader, { from }).take(1)
            expectEqual(described(context, [first!]), [`put a = after ${i}`], 'the first change')
          }
        }),
      ),
  },
  {
    name: 'a watcher that is slow gets everything',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const watcher = await Watcher.ready(context, store)
        const value = new Uint8Array(20_000).fill(7)
        for (let batch = 0; batch < 10; batch++) {
          await Promise.all(
            Array.from({ length: 20 }, (_, i) => store.put(key(`${batch * 20 + i}`.padStart(3, '0')), value)),
          )
        }
        const changes = await watcher.take(200)
        expectEqual(new Set(changes.map((change) => text(change.key))).size, 200, 'the keys seen')
      }),
  },
  {
    name: 'many watches of one client each see their own',
    guarantee: complete,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const names = Array.from({ length: 50 }, (_, i) => `w${i}/`)
        const watchers = await Promise.all(names.map((name) => Watcher.ready(context, store, {}, name)))
        await Promise.all(names.map((name) => store.put(key(`${name}k`), one)))
        for (const [i, watcher] of watchers.entries()) {
          expectEqual(described(context, await watcher.take(1)), named(`${names[i]}k`), 'the change')
        }
      }),
  },
]

const named = (...names: string[]): string[] => names.map((name) => `put ${name} = 1`)

const exactly = ({ kind, key, version, cursor }: Parameters<typeof described>[1][number]): unknown => [
  kind,
  text(key),
  version,
  cursor,
]

/** Puts, in a client of its own; answers with the versions given. */
async function writeMany(
  context: ConformanceContext,
  key: (name: string) => Uint8Array,
  client: number,
  times: number,
): Promise<number[]> {
  const versions: number[] = []
  await withStore(context, async (store) => {
    for (let i = 0; i < times; i++) {
      const { version } = await store.put(key(`k${(client + i) % 3}`), utf8(`${client}.${i}`))
      versions.push(version)
    }
  })
  return versions
}

/** As one watcher that goes away after each few changes and comes back with the last cursor. */
async function takeInPieces(
  context: ConformanceContext,
  store: KeyValueStore,
  begin: Parameters<typeof cursorFromText>[0],
  count: number,
) {
  const seen: Awaited<ReturnType<Watcher['take']>> = []
  let from = cursorFromText(begin)
  while (seen.length < count) {
    const watcher = new Watcher(context, store, { from })
    seen.push(...(await watcher.take(Math.min(7, count - seen.length))))
    await watcher.watch.close()
    from = seen.at(-1)!.cursor
  }
  return seen
}
