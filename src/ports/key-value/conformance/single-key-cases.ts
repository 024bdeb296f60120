import { equalBytes, utf8 } from '../../../foundation/bytes.ts'
import { limits } from '../limits.ts'
import { absent, isNewer } from '../version.ts'
import { type ConformanceCase, expectEqual, expectError, expectTrue, withStore } from './conformance-case.ts'

const one = utf8('1')
const two = utf8('2')
const linearizable = 'get, put, delete: linearizable'
const conditional = 'put, delete: ifVersion'
const limited = 'limits are stated and enforced'
const idempotent = 'applied once however often it is retried'

export const singleKeyCases: readonly ConformanceCase[] = [
  {
    name: 'a key that was never written is absent',
    guarantee: linearizable,
    run: (context) =>
      withStore(context, async (store, key) => {
        expectEqual(
          await store.get(key('a')),
          { exists: false, value: undefined, version: absent },
          'the read',
        )
      }),
  },
  {
    name: 'a read returns the last value and the version of its write, in any client',
    guarantee: linearizable,
    run: (context) =>
      withStore(context, async (store, key) => {
        await store.put(key('a'), one)
        const { version } = await store.put(key('a'), two)
        await withStore(context, async (other) => {
          expectEqual(await other.get(key('a')), { exists: true, value: two, version }, 'the read')
        })
      }),
  },
  {
    name: 'versions of a key grow with every write, over a delete too',
    guarantee: 'a Version is ordered for one key',
    run: (context) =>
      withStore(context, async (store, key) => {
        const first = await store.put(key('a'), one)
        const second = await store.put(key('a'), one)
        await store.delete(key('a'))
        const third = await store.put(key('a'), one)
        expectTrue(isNewer(first.version, absent), 'the first version is newer than absent')
        expectTrue(isNewer(second.version, first.version), 'the second version is newer than the first')
        expectTrue(
          isNewer(third.version, second.version),
          'the version after a delete is newer than those before',
        )
      }),
  },
  {
    name: 'a deleted key is absent, and delete says whether there was one',
    guarantee: linearizable,
    run: (context) =>
      withStore(context, async (store, key) => {
        expectEqual(await store.delete(key('a')), { existed: false }, 'the delete of nothing')
        await store.put(key('a'), one)
        expectEqual(await store.delete(key('a')), { existed: true }, 'the delete of a value')
        expectEqual((await store.get(key('a'))).exists, false, 'exists')
        expectEqual(await store.delete(key('a')), { existed: false }, 'the second delete')
      }),
  },
  {
    name: 'an empty value is a value',
    guarantee: linearizable,
    run: (context) =>
      withStore(context, async (store, key) => {
        const { version } = await store.put(key('a'), new Uint8Array(0))
        expectEqual(
          await store.get(key('a')),
          { exists: true, value: new Uint8Array(0), version },
          'the read',
        )
        expectEqual(await store.delete(key('a')), { existed: true }, 'the delete')
      }),
  },
  {
    name: 'keys and values may hold any bytes',
    guarantee: linearizable,
    run: (context) =>
      withStore(context, async (store, key) => {
        const every = Uint8Array.from({ length: 256 }, (_, i) => i)
        const long = Uint8Array.of(...key(''), ...every)
        await store.put(long, every)
        expectEqual((await store.get(long)).value, every, 'the value')
        expectEqual(
          (await store.get(long.subarray(0, long.length - 1))).exists,
          false,
          'a shorter key exists',
        )
      }),
  },
  {
    name: 'what a caller does with its bytes afterwards changes nothing that is stored',
    guarantee: linearizable,
    run: (context) =>
      withStore(context, async (store, key) => {
        const value = utf8('before')
        await store.put(key('a'), value)
        value.fill(0)
        const read = await store.get(key('a'))
        expectEqual(read.value, utf8('before'), 'the value')
        read.value?.fill(0)
        expectEqual((await store.get(key('a'))).value, utf8('before'), 'the value after its copy was changed')
      }),
  },
  {
    name: 'a put with ifVersion happens at that version only',
    guarantee: conditional,
    run: (context) =>
      withStore(context, async (store, key) => {
        const first = await store.put(key('a'), one)
        const second = await store.put(key('a'), two, { ifVersion: first.version })
        const stale = () => store.put(key('a'), one, { ifVersion: first.version })
        await expectError(stale, { code: 'comparison-failed', outcome: 'failed' })
        expectEqual(
          await store.get(key('a')),
          { exists: true, value: two, version: second.version },
          'the read',
        )
      }),
  },
  {
    name: 'ifVersion absent means that the key must not exist',
    guarantee: conditional,
    run: (context) =>
      withStore(context, async (store, key) => {
        await store.put(key('a'), one, { ifVersion: absent })
        const again = () => store.put(key('a'), two, { ifVersion: absent })
        await expectError(again, { code: 'comparison-failed', outcome: 'failed' })
        await store.delete(key('a'))
        const { version } = await store.get(key('a'))
        await store.put(key('a'), two, { ifVersion: version })
        expectEqual((await store.get(key('a'))).value, two, 'the value')
      }),
  },
  {
    name: 'a delete with ifVersion happens at that version only',
    guarantee: conditional,
    run: (context) =>
      withStore(context, async (store, key) => {
        const { version } = await store.put(key('a'), one)
        const { version: newer } = await store.put(key('a'), two)
        const stale = () => store.delete(key('a'), { ifVersion: version })
        await expectError(stale, { code: 'comparison-failed', outcome: 'failed' })
        expectEqual(await store.delete(key('a'), { ifVersion: newer }), { existed: true }, 'the delete')
        await expectError(() => store.delete(key('a'), { ifVersion: newer }), {
          code: 'comparison-failed',
          outcome: 'failed',
        })
      }),
  },
  {
    name: 'the largest key and the largest value are stored',
    guarantee: limited,
    run: (context) =>
      withStore(context, async (store, key) => {
        const largest = new Uint8Array(limits.keyBytesMax).fill(0xff)
        largest.set(key(''))
        const value = Uint8Array.from({ length: limits.valueBytesMax }, (_, i) => i % 251)
        await store.put(largest, value)
        const stored = (await store.get(largest)).value
        expectTrue(
          stored !== undefined && equalBytes(stored, value),
          'the largest value comes back as it was',
        )
      }),
  },
  {
    name: 'a key or value over its limit is refused, saying the limit',
    guarantee: limited,
    run: (context) =>
      withStore(context, async (store, key) => {
        const invalid = { code: 'invalid', outcome: 'failed' } as const
        const long = new Uint8Array(limits.keyBytesMax + 1)
        const keyLimit = { ...invalid, says: `${limits.keyBytesMax}` }
        await expectError(() => store.put(long, one), keyLimit)
        await expectError(() => store.get(long), keyLimit)
        await expectError(() => store.delete(long), keyLimit)
        await expectError(() => store.get(new Uint8Array(0)), { ...invalid, says: 'empty' })
        await expectError(() => store.put(new Uint8Array(0), one), { ...invalid, says: 'empty' })
        const value = new Uint8Array(limits.valueBytesMax + 1)
        await expectError(() => store.put(key('a'), value), { ...invalid, says: `${limits.valueBytesMax}` })
        expectEqual((await store.get(key('a'))).exists, false, 'what was refused exists')
      }),
  },
  {
    name: 'a timeout that is no time is refused',
    guarantee: limited,
    run: (context) =>
      withStore(context, async (store, key) => {
        for (const timeoutMs of [0, -1, Number.NaN]) {
          const invalid = { code: 'invalid', outcome: 'failed', says: 'timeoutMs' } as const
          await expectError(() => store.get(key('a'), { timeoutMs }), invalid)
          await expectError(() => store.put(key('a'), one, { timeoutMs }), invalid)
        }
        expectEqual((await store.get(key('a'))).exists, false, 'what was refused exists')
      }),
  },
  {
    name: 'a retry with the same idempotency key happens once and has the same answer',
    guarantee: idempotent,
    needs: ['idempotentRetries'],
    run: (context) =>
      withStore(context, async (store, key) => {
        const options = { idempotencyKey: `${context.prefix}put` }
        const first = await store.put(key('a'), one, options)
        const later = await store.put(key('a'), two)
        await withStore(context, async (other) => {
          expectEqual(await other.put(key('a'), one, options), first, 'the answer of the retry')
        })
        expectEqual(
          await store.get(key('a')),
          { exists: true, value: two, version: later.version },
          'the read',
        )
      }),
  },
  {
    name: 'a retry of a comparison that failed fails again, though it would hold now',
    guarantee: idempotent,
    needs: ['idempotentRetries'],
    run: (context) =>
      withStore(context, async (store, key) => {
        await store.put(key('a'), one)
        const attempt = () =>
          store.put(key('a'), two, { ifVersion: absent, idempotencyKey: `${context.prefix}failed` })
        await expectError(attempt, { code: 'comparison-failed', outcome: 'failed' })
        await store.delete(key('a'))
        await expectError(attempt, { code: 'comparison-failed', outcome: 'failed' })
        expectEqual((await store.get(key('a'))).exists, false, 'exists')
      }),
  },
  {
    name: 'an idempotency key that comes with another request is refused',
    guarantee: idempotent,
    needs: ['idempotentRetries'],
    run: (context) =>
      withStore(context, async (store, key) => {
        const options = { idempotencyKey: `${context.prefix}reused` }
        await store.put(key('a'), one, options)
        const reused = { code: 'invalid', outcome: 'failed', says: 'idempotency key' } as const
        await expectError(() => store.put(key('a'), two, options), reused)
        await expectError(() => store.put(key('b'), one, options), reused)
        await expectError(() => store.delete(key('a'), options), reused)
        expectEqual((await store.get(key('a'))).value, one, 'the value')
        expectEqual((await store.get(key('b'))).exists, false, 'the other key exists')
      }),
  },
  {
    name: 'an idempotency key over its limit is refused',
    guarantee: limited,
    run: (context) =>
      withStore(context, async (store, key) => {
        const max = limits.idempotencyKeyCharactersMax
        const put = (idempotencyKey: string) => store.put(key('a'), one, { idempotencyKey })
        await expectError(() => put('i'.repeat(max + 1)), {
          code: 'invalid',
          outcome: 'failed',
          says: `${max}`,
        })
        await expectError(() => put(''), { code: 'invalid', outcome: 'failed', says: 'empty' })
        await put(context.prefix.padEnd(max, 'i').slice(0, max))
      }),
  },
]
