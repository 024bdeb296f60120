import { utf8 } from '../../../foundation/bytes.ts'
import { DureError } from '../../../foundation/errors.ts'
import { prefixRange } from '../prefix-range.ts'
import { isNewer } from '../version.ts'
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
const bound = 'lease: its keys are gone when its holder is'
const kept = 'lease: never expires while keep-alives get through'
const signals = 'lease: its signal aborts when it is lost or released'
const lost = { code: 'lease-lost', outcome: 'failed' } as const
const needs = ['leases'] as const

/** For leases that no case waits for. */
const LONG_MS = 60_000
/** Engines may count in whole seconds. */
const SHORT_MS = 1_000

export const leaseCases: readonly ConformanceCase[] = [
  {
    name: 'the keys of a lease are there while it is held and gone when it was released',
    guarantee: bound,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const lease = await store.lease({ ttlMs: LONG_MS })
        expectEqual(lease.ttlMs, LONG_MS, 'its time to live')
        const { version } = await store.put(key('a'), one, { lease })
        await store.put(key('b'), one, { lease })
        await store.put(key('c'), one)
        expectEqual(await store.get(key('a')), { exists: true, value: one, version }, 'a key of the lease')
        await lease.release()
        const rows = await collect(store.range(prefixRange(key(''))))
        expectEqual(namesAndValues(context, rows), ['c = 1'], 'the rows after the release')
        const again = await store.put(key('a'), two)
        expectTrue(isNewer(again.version, version), 'versions grow over the end of a lease')
      }),
  },
  {
    name: 'fencing tokens grow with every grant, over clients',
    guarantee: 'lease: a token grows with every grant',
    needs,
    run: (context) =>
      withStore(context, (store) =>
        withStore(context, async (other) => {
          const tokens: number[] = []
          const ids = new Set<string>()
          for (const each of [store, other, store, other]) {
            const lease = await each.lease({ ttlMs: LONG_MS })
            tokens.push(lease.token)
            ids.add(lease.id)
            await lease.release()
          }
          const grows = tokens.every((token, i) => i === 0 || token > tokens[i - 1]!)
          expectTrue(grows, `the tokens grow (found ${tokens.join(', ')})`)
          expectEqual(ids.size, 4, 'the number of lease ids')
        }),
      ),
  },
  {
    name: 'a lease that is held outlives its time to live',
    guarantee: kept,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const lease = await store.lease({ ttlMs: SHORT_MS })
        await store.put(key('a'), one, { lease })
        await context.clock.sleep(SHORT_MS * 3.5)
        expectEqual(lease.signal.aborted, false, 'lost')
        expectEqual((await store.get(key('a'))).value, one, 'the value')
        await store.put(key('b'), one, { lease })
        await lease.release()
        expectEqual(await collect(store.range(prefixRange(key('')))), [], 'the rows after the release')
      }),
  },
  {
    name: 'many leases of one client are held at once',
    guarantee: kept,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const leases = await Promise.all(
          Array.from({ length: 50 }, () => store.lease({ ttlMs: SHORT_MS * 2 })),
        )
        await Promise.all(leases.map((lease, i) => store.put(key(`${i}`), one, { lease })))
        await context.clock.sleep(SHORT_MS * 5)
        const held = leases.filter(({ signal }) => !signal.aborted).length
        expectEqual(held, leases.length, 'the leases held')
        expectEqual((await collect(store.range(prefixRange(key(''))))).length, leases.length, 'the rows')
        await Promise.all(leases.map((lease) => lease.release()))
        expectEqual((await collect(store.range(prefixRange(key(''))))).length, 0, 'the rows at the end')
      }),
  },
  {
    name: 'a released lease says so by its signal, may be released again, and takes no more keys',
    guarantee: signals,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const lease = await store.lease({ ttlMs: LONG_MS })
        expectEqual(lease.signal.aborted, false, 'aborted while it is held')
        let heard = 0
        lease.signal.addEventListener('abort', () => heard++)
        await lease.release()
        await lease.release()
        await lease[Symbol.asyncDispose]()
        expectEqual(heard, 1, 'times that the signal fired')
        const { reason } = lease.signal
        expectTrue(reason instanceof DureError && reason.code === 'lease-lost', 'the reason is lease-lost')
        await expectError(() => store.put(key('a'), one, { lease }), lost)
        const operations = [
          { kind: 'put', key: key('b'), value: one },
          { kind: 'put', key: key('a'), value: one, lease },
        ] as const
        await expectError(() => store.commit({ operations }), lost)
        expectEqual(await collect(store.range(prefixRange(key('')))), [], 'the rows')
      }),
  },
  {
    name: 'a lease whose own signal fires is released',
    guarantee: signals,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const controller = new AbortController()
        const lease = await store.lease({ ttlMs: LONG_MS, signal: controller.signal })
        await store.put(key('a'), one, { lease })
        controller.abort(new Error('enough'))
        await eventually(context, 'the signal of the lease fires', async () => lease.signal.aborted)
        await eventually(context, 'the key goes', async () => !(await store.get(key('a'))).exists)
        const { signal } = controller
        const later = () => store.lease({ ttlMs: LONG_MS, signal })
        await expectError(later, { code: 'aborted', outcome: 'failed' })
      }),
  },
  {
    name: 'closing a store gives up its leases',
    guarantee: bound,
    needs,
    run: (context) =>
      withStore(context, async (other, key) => {
        const store = await context.open()
        const lease = await store.lease({ ttlMs: SHORT_MS * 2 })
        await store.put(key('a'), one, { lease })
        await store.close()
        expectEqual(lease.signal.aborted, true, 'the signal of the lease fired')
        await lease.release()
        await eventually(context, 'the key goes', async () => !(await other.get(key('a'))).exists)
        const later = () => store.lease({ ttlMs: LONG_MS })
        await expectError(later, { code: 'closed', outcome: 'failed' })
      }),
  },
  {
    name: 'the keys of a holder that died go after the time to live, not before',
    guarantee: bound,
    needs: ['leases', 'abandon'],
    run: (context) =>
      withStore(context, async (other, key) => {
        const { clock } = context
        const ttlMs = SHORT_MS * 3
        const holder = await context.open()
        const lease = await holder.lease({ ttlMs })
        await holder.put(key('a'), one, { lease })
        await clock.sleep(ttlMs)
        const diedMs = clock.nowMs()
        await context.abandon!(holder)
        expectEqual((await other.get(key('a'))).value, one, 'the value just after the death')
        await eventually(context, 'the key goes', async () => !(await other.get(key('a'))).exists)
        // Its last keep-alive is a third of the time to live old at most, and a moment.
        const outlivedMs = clock.nowMs() - diedMs
        expectTrue(
          outlivedMs >= ttlMs / 2,
          `the key outlives its holder by ${ttlMs / 2} ms (found ${outlivedMs})`,
        )
        // What is left of a dead process may not answer.
        await Promise.race([holder.close({ timeoutMs: 1 }).catch(() => undefined), clock.sleep(1_000)])
      }),
  },
  {
    name: 'the signal of a holder that is cut off fires before its keys go',
    guarantee: signals,
    needs: ['leases', 'abandon'],
    run: (context) =>
      withStore(context, async (other, key) => {
        const { clock } = context
        const holder = await context.open()
        const lease = await holder.lease({ ttlMs: SHORT_MS * 2 })
        await holder.put(key('a'), one, { lease })
        await clock.sleep(SHORT_MS)
        await context.abandon!(holder)
        await eventually(context, 'the key goes', async () => !(await other.get(key('a'))).exists)
        expectEqual(lease.signal.aborted, true, 'the signal fired when the key was gone')
        const { reason } = lease.signal
        expectTrue(reason instanceof DureError && reason.code === 'lease-lost', 'the reason is lease-lost')
        await expectError(() => holder.put(key('b'), one, { lease }), lost)
        await Promise.race([holder.close({ timeoutMs: 1 }).catch(() => undefined), clock.sleep(1_000)])
      }),
  },
  {
    name: 'a key that is written again belongs to what it was written with last',
    guarantee: bound,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const first = await store.lease({ ttlMs: LONG_MS })
        const second = await store.lease({ ttlMs: LONG_MS })
        for (const name of ['for-good', 'deleted', 'moved', 'same']) {
          await store.put(key(name), one, { lease: first })
        }
        await store.put(key('taken'), one)
        await store.put(key('for-good'), two)
        await store.delete(key('deleted'))
        await store.put(key('deleted'), two)
        await store.put(key('moved'), two, { lease: second })
        await store.put(key('same'), two, { lease: first })
        await store.put(key('taken'), two, { lease: first })
        const rows = async () => namesAndValues(context, await collect(store.range(prefixRange(key('')))))
        await first.release()
        expectEqual(await rows(), ['deleted = 2', 'for-good = 2', 'moved = 2'], 'the rows after the first')
        await second.release()
        expectEqual(await rows(), ['deleted = 2', 'for-good = 2'], 'the rows after the second')
      }),
  },
  {
    name: 'a commit writes keys with a lease',
    guarantee: bound,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const lease = await store.lease({ ttlMs: LONG_MS })
        await store.commit({
          operations: [
            { kind: 'put', key: key('a'), value: one, lease },
            { kind: 'put', key: key('b'), value: one },
            { kind: 'put', key: key('c'), value: one, ttlMs: LONG_MS },
          ],
        })
        await lease.release()
        const rows = await collect(store.range(prefixRange(key(''))))
        expectEqual(namesAndValues(context, rows), ['b = 1', 'c = 1'], 'the rows')
      }),
  },
  {
    name: 'a watch sees the keys of a lease go, as deletions',
    guarantee: 'watch: every change, in the order of its commit, once',
    needs: ['leases', 'watch'],
    run: (context) =>
      withStore(context, async (store, key) => {
        const watcher = await Watcher.ready(context, store)
        const lease = await store.lease({ ttlMs: LONG_MS })
        const { version } = await store.put(key('a'), one, { lease })
        await store.put(key('b'), one, { lease })
        await lease.release()
        const changes = await within(context, 'the deletions', watcher.take(4))
        const [first, second, ...deletions] = described(context, changes)
        expectEqual([first, second], ['put a = 1', 'put b = 1'], 'the puts')
        expectEqual(deletions.toSorted(), ['delete a', 'delete b'], 'the deletions')
        expectTrue(isNewer(changes[3]!.version, version), 'a deletion is newer than the value')
        const from = changes[2]!.cursor
        const rest = await new Watcher(context, store, { from }).take(1)
        expectEqual(described(context, rest), [deletions[1]], 'the rest, from between the deletions')
      }),
  },
  {
    name: 'a lease of another store, or with a time to live beside it, is refused',
    guarantee: 'put: one of ttlMs and lease at most, a lease of the same store',
    needs,
    run: (context) =>
      withStore(context, (store) =>
        withStore(context, async (other, key) => {
          const invalid = { code: 'invalid', outcome: 'failed', says: 'lease' } as const
          const lease = await store.lease({ ttlMs: LONG_MS })
          await expectError(() => store.put(key('a'), one, { lease, ttlMs: LONG_MS }), invalid)
          await expectError(() => other.put(key('a'), one, { lease }), invalid)
          const operation = { kind: 'put', key: key('a'), value: one, lease } as const
          await expectError(() => other.commit({ operations: [operation] }), invalid)
          const both = { ...operation, ttlMs: LONG_MS }
          await expectError(() => store.commit({ operations: [both] }), invalid)
          expectEqual((await store.get(key('a'))).exists, false, 'what was refused exists')
          await lease.release()
        }),
      ),
  },
]
