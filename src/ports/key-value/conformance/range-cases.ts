import { compareBytes, utf8 } from '../../../foundation/bytes.ts'
import type { KeyValueStore } from '../key-value-store.ts'
import { prefixRange } from '../prefix-range.ts'
import {
  type ConformanceCase,
  type ConformanceContext,
  collect,
  expectEqual,
  expectError,
  expectTrue,
  namesAndValues,
  withStore,
} from './conformance-case.ts'

const ordered = 'range: rows with from <= key < to, in order'
const snapshot = 'range: all pages are of one snapshot'

const fill = async (
  store: KeyValueStore,
  context: ConformanceContext,
  names: readonly string[],
): Promise<void> => {
  const operations = names.map((name) => ({
    kind: 'put' as const,
    key: utf8(context.prefix + name),
    value: utf8(name),
  }))
  await store.commit({ operations })
}

export const rangeCases: readonly ConformanceCase[] = [
  {
    name: 'a range gives rows in the order of their bytes, with values and versions',
    guarantee: ordered,
    run: (context) =>
      withStore(context, async (store, key) => {
        const suffixes = [
          [],
          [0],
          [0, 0],
          [0x61],
          [0x61, 0x00],
          [0x61, 0x62],
          [0x7f],
          [0x80],
          [0xc3, 0xa9],
          [0xff],
          [0xff, 0xff],
        ]
        const keys = suffixes.map((suffix) => Uint8Array.of(...key('k'), ...suffix))
        const versions = new Map<string, number>()
        for (const each of keys.toReversed()) versions.set(each.join(), (await store.put(each, each)).version)
        const rows = await collect(store.range(prefixRange(key('k'))))
        expectEqual(
          rows,
          keys
            .toSorted(compareBytes)
            .map((each) => ({ key: each, value: each, version: versions.get(each.join()) })),
          'the rows',
        )
      }),
  },
  {
    name: 'a range includes its beginning and not its end',
    guarantee: ordered,
    run: (context) =>
      withStore(context, async (store, key) => {
        await fill(store, context, ['a', 'b', 'c', 'd'])
        const names = async (from: string, to: string) =>
          namesAndValues(context, await collect(store.range({ from: key(from), to: key(to) })))
        expectEqual(await names('b', 'd'), ['b = b', 'c = c'], 'from b to d')
        expectEqual(await names('aa', 'bb'), ['b = b'], 'bounds that are no keys')
        expectEqual(await names('b', 'b'), [], 'an empty range')
        expectEqual(await names('d', 'a'), [], 'a range that ends before it begins')
      }),
  },
  {
    name: 'a range without an end goes to the last key',
    guarantee: ordered,
    run: (context) =>
      withStore(context, async (store, key) => {
        await fill(store, context, ['a', 'b'])
        const rows = await collect(store.range({ from: key('b') }, { limit: 1 }))
        expectEqual(namesAndValues(context, rows), ['b = b'], 'the rows')
      }),
  },
  {
    name: 'a prefix gives the keys that begin with it and no others',
    guarantee: ordered,
    run: (context) =>
      withStore(context, async (store, key) => {
        await fill(store, context, ['city', 'city:', 'city:a', 'city:z', 'city;', 'cit'])
        const rows = await collect(store.range(prefixRange(key('city:'))))
        expectEqual(
          namesAndValues(context, rows),
          ['city: = city:', 'city:a = city:a', 'city:z = city:z'],
          'the rows',
        )
      }),
  },
  {
    name: 'a deleted key is not in a range',
    guarantee: ordered,
    run: (context) =>
      withStore(context, async (store, key) => {
        await fill(store, context, ['a', 'b', 'c'])
        await store.delete(key('b'))
        const rows = await collect(store.range(prefixRange(key(''))))
        expectEqual(namesAndValues(context, rows), ['a = a', 'c = c'], 'the rows')
      }),
  },
  {
    name: 'a limit ends a range, whatever the size of its pages',
    guarantee: ordered,
    run: (context) =>
      withStore(context, async (store, key) => {
        await fill(store, context, ['a', 'b', 'c', 'd', 'e'])
        for (const pageSize of [1, 2, 3, 100]) {
          for (const limit of [1, 2, 3, 4, 5, 6]) {
            const rows = await collect(store.range(prefixRange(key('')), { limit, pageSize }))
            const expected = ['a = a', 'b = b', 'c = c', 'd = d', 'e = e'].slice(0, limit)
            expectEqual(namesAndValues(context, rows), expected, `limit ${limit} by pages of ${pageSize}`)
          }
        }
      }),
  },
  {
    name: 'the pages of a range are of one snapshot while writes go on',
    guarantee: snapshot,
    run: (context) =>
      withStore(context, async (store, key) => {
        const names = Array.from({ length: 40 }, (_, i) => `${i}`.padStart(2, '0'))
        await fill(store, context, names)
        const seen: string[] = []
        for await (const row of store.range(prefixRange(key('')), { pageSize: 3 })) {
          seen.push(...namesAndValues(context, [row]))
          const place = seen.length - 1
          // Behind, at and before the reader: change, remove, add.
          await store.put(key(names[Math.min(place + 1, 39)]!), utf8('changed'))
          await store.delete(key(names[Math.min(place + 4, 39)]!))
          await store.put(key(`${names[place]}+`), utf8('added'))
        }
        expectEqual(
          seen,
          names.map((name) => `${name} = ${name}`),
          'the rows',
        )
      }),
  },
  {
    name: 'a range never shows half of a commit',
    guarantee: snapshot,
    run: (context) =>
      withStore(context, async (store, key) => {
        const names = ['a', 'b', 'c', 'd', 'e']
        const commit = (value: string) =>
          store.commit({
            operations: names.map((name) => ({ kind: 'put', key: key(name), value: utf8(value) })),
          })
        await commit('0')
        const writer = (async () => {
          for (let i = 1; i <= 20; i++) await commit(`${i}`)
        })()
        for (let i = 0; i < 10; i++) {
          const rows = await collect(store.range(prefixRange(key('')), { pageSize: 2 }))
          expectEqual(rows.length, names.length, 'the number of rows')
          expectEqual(
            new Set(rows.map(({ version }) => version)).size,
            1,
            'the number of versions in one range',
          )
        }
        await writer
      }),
  },
  {
    name: 'a range begins with what was written before it',
    guarantee: 'range: the snapshot is linearizable',
    run: (context) =>
      withStore(context, (store, key) =>
        withStore(context, async (other) => {
          for (let i = 0; i < 10; i++) {
            const { version } = await store.put(key('a'), utf8(`${i}`))
            const rows = await collect(other.range(prefixRange(key(''))))
            expectEqual(rows, [{ key: key('a'), value: utf8(`${i}`), version }], 'the rows')
          }
        }),
      ),
  },
  {
    name: 'a range may be left before its end',
    guarantee: ordered,
    run: (context) =>
      withStore(context, async (store, key) => {
        await fill(store, context, ['a', 'b', 'c', 'd'])
        for await (const row of store.range(prefixRange(key('')), { pageSize: 1 })) {
          expectTrue(row.value.length === 1, 'the first row has a value')
          break
        }
        expectEqual((await collect(store.range(prefixRange(key(''))))).length, 4, 'the rows of another range')
      }),
  },
  {
    name: 'a range with a limit or page size of nothing is refused',
    guarantee: 'limits are stated and enforced',
    run: (context) =>
      withStore(context, async (store, key) => {
        for (const value of [0, -1, 1.5, Number.NaN]) {
          const invalid = { code: 'invalid', outcome: 'failed' } as const
          const range = prefixRange(key(''))
          await expectError(() => collect(store.range(range, { limit: value })), {
            ...invalid,
            says: 'limit',
          })
          await expectError(() => collect(store.range(range, { pageSize: value })), {
            ...invalid,
            says: 'pageSize',
          })
        }
      }),
  },
]
