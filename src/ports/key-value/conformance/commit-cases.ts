import { utf8 } from '../../../foundation/bytes.ts'
import { limits } from '../limits.ts'
import { absent } from '../version.ts'
import { type ConformanceCase, expectEqual, expectError, withStore } from './conformance-case.ts'

const one = utf8('1')
const two = utf8('2')
const atomic = 'commit: all comparisons hold and all operations happen, at one moment, or none'
const invalid = { code: 'invalid', outcome: 'failed' } as const

export const commitCases: readonly ConformanceCase[] = [
  {
    name: 'a commit writes all its keys at one version and says which existed',
    guarantee: atomic,
    run: (context) =>
      withStore(context, async (store, key) => {
        await store.put(key('b'), one)
        await store.put(key('c'), one)
        const result = await store.commit({
          operations: [
            { kind: 'put', key: key('a'), value: one },
            { kind: 'put', key: key('b'), value: two },
            { kind: 'delete', key: key('c') },
            { kind: 'delete', key: key('d') },
          ],
        })
        if (!result.committed) throw new Error('expected the commit to happen')
        expectEqual(result.existed, [false, true, true, false], 'existed')
        const { version } = result
        expectEqual(await store.get(key('a')), { exists: true, value: one, version }, 'the first key')
        expectEqual(await store.get(key('b')), { exists: true, value: two, version }, 'the second key')
        expectEqual((await store.get(key('c'))).exists, false, 'the deleted key exists')
      }),
  },
  {
    name: 'a commit of which one comparison fails changes nothing and answers with the versions found',
    guarantee: atomic,
    run: (context) =>
      withStore(context, async (store, key) => {
        const { version } = await store.put(key('a'), one)
        const result = await store.commit({
          comparisons: [
            { key: key('a'), version },
            { key: key('missing'), version },
          ],
          operations: [
            { kind: 'put', key: key('a'), value: two },
            { kind: 'put', key: key('b'), value: two },
          ],
        })
        expectEqual(result, { committed: false, found: [version, absent] }, 'the result')
        expectEqual(await store.get(key('a')), { exists: true, value: one, version }, 'the first key')
        expectEqual((await store.get(key('b'))).exists, false, 'the second key exists')
      }),
  },
  {
    name: 'a commit of which all comparisons hold happens, also on keys it does not write',
    guarantee: atomic,
    run: (context) =>
      withStore(context, async (store, key) => {
        const { version } = await store.put(key('guard'), one)
        const result = await store.commit({
          comparisons: [
            { key: key('guard'), version },
            { key: key('a'), version: absent },
          ],
          operations: [{ kind: 'put', key: key('a'), value: one }],
        })
        expectEqual(result.committed, true, 'committed')
        expectEqual(
          (await store.get(key('guard'))).version,
          version,
          'the version of the key that was only compared',
        )
      }),
  },
  {
    name: 'a commit without operations compares only',
    guarantee: atomic,
    run: (context) =>
      withStore(context, async (store, key) => {
        const holds = await store.commit({
          comparisons: [{ key: key('a'), version: absent }],
          operations: [],
        })
        expectEqual(holds.committed, true, 'committed')
        const { version } = await store.put(key('a'), one)
        const fails = await store.commit({
          comparisons: [{ key: key('a'), version: absent }],
          operations: [],
        })
        expectEqual(fails, { committed: false, found: [version] }, 'the result')
      }),
  },
  {
    name: 'a commit that writes a key twice is refused',
    guarantee: 'each key may be written once in a commit',
    run: (context) =>
      withStore(context, async (store, key) => {
        const twice = () =>
          store.commit({
            operations: [
              { kind: 'put', key: key('a'), value: one },
              { kind: 'put', key: key('b'), value: one },
              { kind: 'delete', key: key('a') },
            ],
          })
        await expectError(twice, { ...invalid, says: 'same key' })
        expectEqual((await store.get(key('b'))).exists, false, 'what was refused exists')
      }),
  },
  {
    name: 'the largest commit happens, a larger one is refused, saying the limit',
    guarantee: 'limits are stated and enforced',
    run: (context) =>
      withStore(context, async (store, key) => {
        const puts = (count: number, value: Uint8Array) =>
          Array.from({ length: count }, (_, i) => ({ kind: 'put' as const, key: key(`${i}`), value }))
        const max = limits.commitOperationsMax
        const comparisons = puts(max, one).map((operation) => ({ key: operation.key, version: absent }))
        const result = await store.commit({ comparisons, operations: puts(max, one) })
        expectEqual(result.committed, true, 'committed')
        await expectError(() => store.commit({ operations: puts(max + 1, one) }), {
          ...invalid,
          says: `${max}`,
        })
        const more = [...comparisons, { key: key('more'), version: absent }]
        await expectError(() => store.commit({ comparisons: more, operations: [] }), {
          ...invalid,
          says: `${max}`,
        })

        const third = new Uint8Array(Math.floor(limits.commitBytesMax / 3))
        await expectError(() => store.commit({ operations: puts(3, third) }), {
          ...invalid,
          says: `${limits.commitBytesMax}`,
        })
        expectEqual((await store.get(key('0'))).value, one, 'the value after a commit was refused')
      }),
  },
  {
    name: 'a retried commit happens once and has the same answer',
    guarantee: 'applied once however often it is retried',
    needs: ['idempotentRetries'],
    run: (context) =>
      withStore(context, async (store, key) => {
        const transaction = {
          comparisons: [{ key: key('a'), version: absent }],
          operations: [{ kind: 'put' as const, key: key('a'), value: one }],
          idempotencyKey: `${context.prefix}commit`,
        }
        const first = await store.commit(transaction)
        expectEqual(first.committed, true, 'committed')
        expectEqual(await store.commit(transaction), first, 'the answer of the retry')
        const other = { ...transaction, comparisons: [] }
        await expectError(() => store.commit(other), { ...invalid, says: 'idempotency key' })
      }),
  },
]
