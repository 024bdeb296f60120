import { utf8 } from '../../../foundation/bytes.ts'
import { cursorFromText } from '../cursor.ts'
import type { KeyRange } from '../key-value-store.ts'
import { limits } from '../limits.ts'
import { prefixRange } from '../prefix-range.ts'
import { type ConformanceCase, expectEqual, expectError, withStore } from './conformance-case.ts'
import { described, Watcher, within } from './waiting.ts'

const one = utf8('1')
const ends = 'watch: ends by leaving the loop, by close(), with its signal, with its store'
const refuses = 'watch: what is malformed is refused'
const needs = ['watch'] as const

export const watchEndCases: readonly ConformanceCase[] = [
  {
    name: 'a watch that is closed ends its loop, also one that waits',
    guarantee: ends,
    needs,
    run: (context) =>
      withStore(context, async (store) => {
        const watcher = await Watcher.ready(context, store)
        const waiting = watcher.next()
        await watcher.watch.close()
        expectEqual(await waiting, undefined, 'the change after the close')
        expectEqual(await watcher.next(), undefined, 'the change after the end')
        await watcher.watch.close()
      }),
  },
  {
    name: 'a watch whose loop was left is over, and the store goes on',
    guarantee: ends,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const from = await store.cursor()
        await store.put(key('a'), one)
        await store.put(key('b'), one)
        const watch = store.watch(prefixRange(key('')), { from })
        let seen = 0
        for await (const _ of watch) {
          seen++
          break
        }
        for await (const _ of watch) seen++
        expectEqual(seen, 1, 'the changes seen')
        const other = new Watcher(context, store, { from })
        expectEqual((await other.take(2)).length, 2, 'the changes that another watch sees')
      }),
  },
  {
    name: 'a watch is closed at the end of its block',
    guarantee: ends,
    needs,
    run: (context) =>
      withStore(context, async (store) => {
        const watcher = await Watcher.ready(context, store)
        const waiting = watcher.next()
        await watcher.watch[Symbol.asyncDispose]()
        expectEqual(await waiting, undefined, 'the change after the end of the block')
      }),
  },
  {
    name: 'a watch whose signal fires ends as aborted',
    guarantee: ends,
    needs,
    run: (context) =>
      withStore(context, async (store, key) => {
        const controller = new AbortController()
        const watcher = await Watcher.ready(context, store, { signal: controller.signal })
        await store.put(key('a'), one)
        expectEqual(described(context, await watcher.take(1)), ['put a = 1'], 'the change before')
        const waiting = expectError(() => watcher.next(), { code: 'aborted', outcome: 'failed' })
        controller.abort(new Error('enough'))
        await waiting
      }),
  },
  {
    name: 'a watch whose signal fired before it sees nothing',
    guarantee: ends,
    needs,
    run: (context) =>
      withStore(context, async (store) => {
        const signal = AbortSignal.abort(new Error('enough'))
        const watched = async () => new Watcher(context, store, { signal }).next()
        await expectError(watched, { code: 'aborted', outcome: 'failed' })
        await expectError(() => store.cursor({ signal }), { code: 'aborted', outcome: 'failed' })
      }),
  },
  {
    name: 'closing the store ends its watches as closed',
    guarantee: ends,
    needs,
    run: async (context) => {
      const store = await context.open()
      const watcher = await Watcher.ready(context, store)
      const waiting = expectError(() => watcher.next(), { code: 'closed', outcome: 'failed' })
      await store.close()
      await waiting
      const later = async () => new Watcher(context, store).next()
      await expectError(later, { code: 'closed', outcome: 'failed' })
      await expectError(() => store.cursor(), { code: 'closed', outcome: 'failed' })
    },
  },
  {
    name: 'a cursor that is none is refused',
    guarantee: refuses,
    needs,
    run: (context) =>
      withStore(context, async (store) => {
        for (const cursor of ['', ' ', 'no cursor', '-', '1'.repeat(500), '../../etc', '0\u0000']) {
          const watched = async () => {
            const watcher = new Watcher(context, store, { from: cursorFromText(cursor) })
            await within(context, 'a watch begins or is refused', watcher.watch.ready)
          }
          await expectError(watched, { code: 'invalid', outcome: 'failed', says: 'cursor' })
        }
      }),
  },
  {
    name: 'the bounds of a watch are checked as those of a range',
    guarantee: refuses,
    needs,
    run: (context) =>
      withStore(context, async (store) => {
        const watched = (range: KeyRange) => async () => {
          for await (const _ of store.watch(range)) break
        }
        const invalid = { code: 'invalid', outcome: 'failed' } as const
        const long = new Uint8Array(limits.keyBytesMax + 2)
        await expectError(watched({ from: long }), { ...invalid, says: 'from' })
        await expectError(watched({ from: one, to: long }), { ...invalid, says: 'to' })
        await expectError(watched({ from: 'text' as unknown as Uint8Array }), { ...invalid, says: 'from' })
      }),
  },
]
