import { utf8 } from '../../../foundation/bytes.ts'
import { DureError } from '../../../foundation/errors.ts'
import { prefixRange } from '../prefix-range.ts'
import {
  type ConformanceCase,
  collect,
  expectEqual,
  expectError,
  expectTrue,
  withStore,
} from './conformance-case.ts'

const one = utf8('1')
const abortable = 'all take an AbortSignal; an aborted write is unknown once it left'
const closing = 'close: calls in progress end, later ones are refused'

export const callCases: readonly ConformanceCase[] = [
  {
    name: 'a call whose signal fired before it does nothing',
    guarantee: abortable,
    run: (context) =>
      withStore(context, async (store, key) => {
        const signal = AbortSignal.abort(new Error('enough'))
        const aborted = { code: 'aborted', outcome: 'failed' } as const
        await expectError(() => store.put(key('a'), one, { signal }), aborted)
        await expectError(() => store.delete(key('a'), { signal }), aborted)
        await expectError(() => store.get(key('a'), { signal }), aborted)
        await expectError(() => store.commit({ operations: [] }, { signal }), aborted)
        await expectError(() => collect(store.range(prefixRange(key('')), { signal })), aborted)
        expectEqual((await store.get(key('a'))).exists, false, 'what was aborted exists')
      }),
  },
  {
    name: 'a write whose signal fires on its way ends, and its outcome is true',
    guarantee: abortable,
    run: (context) =>
      withStore(context, async (store, key) => {
        for (let i = 0; i < 20; i++) {
          const controller = new AbortController()
          const call = store.put(key(`${i}`), one, { signal: controller.signal })
          for (let turns = 0; turns < i; turns++) await undefined
          controller.abort()
          let outcome: string
          try {
            await call
            outcome = 'done'
          } catch (error) {
            if (!(error instanceof DureError) || error.code !== 'aborted') throw error
            outcome = error.outcome
          }
          const { exists } = await store.get(key(`${i}`))
          expectTrue(outcome !== 'failed' || !exists, 'a write that ended as failed is not there')
          expectTrue(outcome !== 'done' || exists, 'a write that was acknowledged is there')
        }
      }),
  },
  {
    name: 'a range whose signal fires between its rows ends',
    guarantee: abortable,
    run: (context) =>
      withStore(context, async (store, key) => {
        for (const name of ['a', 'b', 'c', 'd']) await store.put(key(name), one)
        const controller = new AbortController()
        const seen: Uint8Array[] = []
        const read = async () => {
          for await (const row of store.range(prefixRange(key('')), {
            signal: controller.signal,
            pageSize: 1,
          })) {
            seen.push(row.key)
            if (seen.length === 2) controller.abort()
          }
        }
        await expectError(read, { code: 'aborted', outcome: 'failed' })
        expectEqual(seen.length, 2, 'the rows seen')
      }),
  },
  {
    name: 'a closed store refuses every call, and may be closed again',
    guarantee: closing,
    run: async (context) => {
      const key = utf8(`${context.prefix}a`)
      const store = await context.open()
      await store.put(key, one)
      await store.close()
      await store.close()
      const closed = { code: 'closed', outcome: 'failed' } as const
      await expectError(() => store.get(key), closed)
      await expectError(() => store.put(key, one), closed)
      await expectError(() => store.delete(key), closed)
      await expectError(() => store.commit({ operations: [] }), closed)
      await expectError(() => collect(store.range(prefixRange(key))), closed)
      await withStore(context, async (other) => {
        expectEqual((await other.get(key)).value, one, 'the value, in another client')
      })
    },
  },
  {
    name: 'a store is closed at the end of its block',
    guarantee: closing,
    run: async (context) => {
      const key = utf8(`${context.prefix}a`)
      const store = await context.open()
      await store[Symbol.asyncDispose]()
      await expectError(() => store.get(key), { code: 'closed', outcome: 'failed' })
    },
  },
  {
    name: 'a call in progress at the close ends, and its outcome is true',
    guarantee: closing,
    run: async (context) => {
      const store = await context.open()
      const keys = Array.from({ length: 10 }, (_, i) => utf8(`${context.prefix}${i}`))
      const calls = keys.map((key) => store.put(key, one))
      const [results] = await Promise.all([Promise.allSettled(calls), store.close()])
      await withStore(context, async (other) => {
        for (const [i, result] of results.entries()) {
          const { exists } = await other.get(keys[i]!)
          if (result.status === 'fulfilled') expectTrue(exists, 'a write that was acknowledged is there')
          else if (result.reason instanceof DureError && result.reason.code === 'closed') {
            expectTrue(
              result.reason.outcome === 'unknown' || !exists,
              'a write that ended as failed is not there',
            )
          } else throw result.reason
        }
      })
    },
  },
]
