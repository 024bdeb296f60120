import { utf8 } from '../../../foundation/bytes.ts'
import { limits } from '../limits.ts'
import { prefixRange } from '../prefix-range.ts'
import { absent, isNewer } from '../version.ts'
import {
  type ConformanceCase,
  collect,
  expectEqual,
  expectError,
  expectTrue,
  namesAndValues,
  withStore,
} from './conformance-case.ts'
import { described, eventually, Watcher, within } from './waiting.ts'

const one = utf8('1')
const two = utf8('2')
const expires = 'put: gone after ttlMs, at the earliest'
const needs = ['leases'] as const

/** Engines may count in whole seconds. */
const TTL_MS = 2_000
/** Two clocks run at about the same rate. */
const EARLY = 0.98

export const timeToLiveCases: readonly ConformanceCase[] = [
  {
    name: 'a value with a time to live goes after it and not before, and its key is as new',
    guarantee: expires,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const { clock } = context
        const beganMs = clock.nowMs()
        const { version } = await store.put(key('a'), one, { ttlMs: TTL_MS })
        expectEqual(await store.get(key('a')), { exists: true, value: one, version }, 'the value at first')
        await eventually(context, 'the value goes', async () => !(await store.get(key('a'))).exists)
        const livedMs = clock.nowMs() - beganMs
        expectTrue(livedMs >= TTL_MS * EARLY, `it lives ${TTL_MS} ms at least (found ${livedMs})`)
        expectEqual(await collect(store.range(prefixRange(key('')))), [], 'the rows')
        expectEqual((await store.get(key('a'))).version, absent, 'the version')
        const stale = () => store.put(key('a'), two, { ifVersion: version })
        await expectError(stale, { code: 'comparison-failed', outcome: 'failed' })
        expectEqual(await store.delete(key('a')), { existed: false }, 'the delete')
        const again = await store.put(key('a'), two, { ifVersion: absent })
        expectTrue(isNewer(again.version, version), 'versions grow over an expiry')
      }),
  },
  {
    name: 'a value stays for good once it is put without a time to live',
    guarantee: expires,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        await store.put(key('kept'), one, { ttlMs: TTL_MS })
        await store.put(key('again'), one, { ttlMs: TTL_MS })
        await store.put(key('gone'), one, { ttlMs: TTL_MS })
        await store.put(key('kept'), two)
        await store.delete(key('again'))
        await store.put(key('again'), two)
        await eventually(context, 'the value goes', async () => !(await store.get(key('gone'))).exists)
        await context.clock.sleep(1_000)
        const rows = await collect(store.range(prefixRange(key(''))))
        expectEqual(namesAndValues(context, rows), ['again = 2', 'kept = 2'], 'the rows')
      }),
  },
  {
    name: 'a put with a time to live begins it anew, and ends one that was for good',
    guarantee: expires,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const { clock } = context
        await store.put(key('a'), one, { ttlMs: TTL_MS })
        await store.put(key('b'), one)
        await clock.sleep(TTL_MS / 2)
        const beganMs = clock.nowMs()
        const { version } = await store.get(key('a'))
        await store.put(key('a'), two, { ttlMs: TTL_MS, ifVersion: version })
        await store.put(key('b'), two, { ttlMs: TTL_MS })
        for (const name of ['a', 'b']) {
          await eventually(context, `${name} goes`, async () => !(await store.get(key(name))).exists)
          const livedMs = clock.nowMs() - beganMs
          expectTrue(livedMs >= TTL_MS * EARLY, `${name} lives ${TTL_MS} ms at least (found ${livedMs})`)
        }
      }),
  },
  {
    name: 'a commit puts values with a time to live, and compares with what has gone',
    guarantee: expires,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const result = await store.commit({
          comparisons: [{ key: key('a'), version: absent }],
          operations: [
            { kind: 'put', key: key('a'), value: one, ttlMs: TTL_MS },
            { kind: 'put', key: key('b'), value: one },
            { kind: 'put', key: key('c'), value: one, ttlMs: TTL_MS },
          ],
        })
        if (!result.committed) throw new Error('expected the commit to happen')
        for (const name of ['a', 'c'])
          await eventually(context, `${name} goes`, async () => !(await store.get(key(name))).exists)
        const rows = await collect(store.range(prefixRange(key(''))))
        expectEqual(namesAndValues(context, rows), ['b = 1'], 'the rows')
        const refused = await store.commit({
          comparisons: [{ key: key('a'), version: result.version }],
          operations: [{ kind: 'delete', key: key('b') }],
        })
        expectEqual(refused, { committed: false, found: [absent] }, 'the commit that expects it')
        const done = await store.commit({
          comparisons: [{ key: key('a'), version: absent }],
          operations: [{ kind: 'put', key: key('c'), value: two }],
        })
        expectEqual(done.committed && done.existed, [false], 'the commit that does not')
      }),
  },
  {
    name: 'a watch sees a value go by itself, as a deletion',
    guarantee: 'watch: every change, in the order of its commit, once',
    needs: ['leases', 'watch'],
    run: (context) =>
      withStore(context, async (store, key) => {
        const watcher = await Watcher.ready(context, store)
        const { version } = await store.put(key('a'), one, { ttlMs: TTL_MS })
        const changes = await within(context, 'the deletion', watcher.take(2))
        expectEqual(described(context, changes), ['put a = 1', 'delete a'], 'the changes')
        expectTrue(isNewer(changes[1]!.version, version), 'the deletion is newer than the value')
        const later = await store.put(key('a'), two)
        expectTrue(isNewer(later.version, changes[1]!.version), 'a later value is newer than the deletion')
        expectEqual(described(context, await watcher.take(1)), ['put a = 2'], 'the next change')
      }),
  },
  {
    name: 'a time to live is part of the request that an idempotency key names',
    guarantee: 'put: applied once however often it is retried',
    needs: ['leases', 'idempotentRetries'],
    run: (context) =>
      withStore(context, async (store, key) => {
        const idempotencyKey = `${context.prefix}ttl`
        const ttlMs = 60_000
        const first = await store.put(key('a'), one, { ttlMs, idempotencyKey })
        expectEqual(await store.put(key('a'), one, { ttlMs, idempotencyKey }), first, 'the retry')
        const reused = { code: 'invalid', outcome: 'failed', says: 'idempotency key' } as const
        await expectError(() => store.put(key('a'), one, { idempotencyKey }), reused)
        await expectError(() => store.put(key('a'), one, { ttlMs: ttlMs + 1, idempotencyKey }), reused)
      }),
  },
  {
    name: 'a time to live that is out of bounds is refused',
    guarantee: expires,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const invalid = { code: 'invalid', outcome: 'failed', says: 'ttlMs' } as const
        for (const ttlMs of [0, -1, 0.5, limits.ttlMsMin - 1, limits.ttlMsMax + 1, Number.NaN]) {
          await expectError(() => store.put(key('a'), one, { ttlMs }), invalid)
          const operation = { kind: 'put', key: key('a'), value: one, ttlMs } as const
          await expectError(() => store.commit({ operations: [operation] }), invalid)
          await expectError(() => store.lease({ ttlMs }), invalid)
        }
        await store.put(key('b'), one, { ttlMs: limits.ttlMsMax })
        expectEqual((await store.get(key('a'))).exists, false, 'what was refused exists')
        expectEqual((await store.get(key('b'))).exists, true, 'what lives for a year exists')
      }),
  },
]
