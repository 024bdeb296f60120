import { text, utf8 } from '../../../foundation/bytes.ts'
import { DureError } from '../../../foundation/errors.ts'
import type { KeyValueStore } from '../key-value-store.ts'
import {
  type ConformanceCase,
  type ConformanceContext,
  expectEqual,
  expectTrue,
  withStore,
} from './conformance-case.ts'
import { eventually, Watcher } from './waiting.ts'

const CALL_MS = 20_000
const TTL_MS = 5_000
const EARLY = 0.98

/** What holds on a bad day as well: each case goes on while the context disturbs the engine. */
export const disturbanceCases: readonly ConformanceCase[] = [
  {
    name: 'a commit that is retried until it is answered happens once, through a disturbance',
    guarantee: 'commit: applied once however often it is retried',
    needs: ['faults', 'idempotentRetries'],
    run: (context) =>
      withStore(context, async (store, key) => {
        const counter = key('counter')
        const { writes } = await during(context, (i) =>
          retried(async () => {
            const { value, version } = await store.get(counter, { timeoutMs: CALL_MS })
            const count = value === undefined ? 0 : Number(text(value))
            // Another attempt of the same write reads what it did itself: then it is done.
            if (count === i + 1) return
            expectEqual(count, i, 'the counter before a write')
            const idempotencyKey = `${context.prefix}${i}`
            const options = { idempotencyKey, ifVersion: version, timeoutMs: CALL_MS }
            await store.put(counter, utf8(`${i + 1}`), options)
          }),
        )
        expectEqual(Number(text((await store.get(counter)).value!)), writes, 'the counter')
      }),
  },
  {
    name: 'a watch sees every change once and in order, through a disturbance',
    guarantee: 'watch: every change, in the order of its commit, once',
    needs: ['faults', 'watch', 'idempotentRetries'],
    run: (context) =>
      withStore(context, (store) =>
        withStore(context, async (writer, key) => {
          const from = await store.cursor()
          const watcher = await Watcher.ready(context, store, { from })
          const { writes } = await during(context, (i) => put(writer, context, key(`${i % 3}`), `${i}`))
          const seen = await watcher.take(writes)
          const values = seen.map((change) => (change.kind === 'put' ? text(change.value) : 'a deletion'))
          expectEqual(
            values,
            values.map((_, i) => `${i}`),
            'the values seen',
          )
          const again = await new Watcher(context, store, { from }).take(writes)
          expectEqual(
            again.map(({ cursor }) => cursor),
            seen.map(({ cursor }) => cursor),
            'the cursors of another watch afterwards',
          )
        }),
      ),
  },
  {
    name: 'a lease that is held outlives a disturbance, and so do its keys',
    guarantee: 'lease: never expires while keep-alives get through',
    needs: ['faults', 'leases'],
    run: (context) =>
      withStore(context, async (store, key) => {
        const lease = await store.lease({ ttlMs: TTL_MS, timeoutMs: CALL_MS })
        await store.put(key('a'), utf8('1'), { lease, timeoutMs: CALL_MS })
        await during(context, () => context.clock.sleep(100))
        await context.clock.sleep(TTL_MS)
        expectEqual(lease.signal.aborted, false, 'lost')
        expectEqual((await store.get(key('a'))).exists, true, 'its key exists')
        await lease.release({ timeoutMs: CALL_MS })
        expectEqual((await store.get(key('a'))).exists, false, 'its key exists after the release')
      }),
  },
  {
    name: 'a value with a time to live goes through a disturbance, and not before its time',
    guarantee: 'put: gone after ttlMs, at the earliest',
    needs: ['faults', 'leases'],
    run: (context) =>
      withStore(context, async (store, key) => {
        const { clock } = context
        const beganMs = clock.nowMs()
        await put(store, context, key('a'), '1', TTL_MS)
        await during(context, () => clock.sleep(100))
        await eventually(context, 'the value goes', async () => {
          const { exists } = await store.get(key('a'), { timeoutMs: CALL_MS })
          return !exists
        })
        const livedMs = clock.nowMs() - beganMs
        expectTrue(livedMs >= TTL_MS * EARLY, `it lives ${TTL_MS} ms at least (found ${livedMs})`)
      }),
  },
]

/** Acts again and again from before the disturbance until after it. */
async function during(
  context: ConformanceContext,
  act: (time: number) => Promise<void>,
): Promise<{ readonly writes: number }> {
  let writes = 0
  const some = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await act(writes++)
  }
  await some(10)
  let isOver = false
  const disturbed = context.disturb!().finally(() => {
    isOver = true
  })
  // It may fail while an act goes on; said when that is over.
  disturbed.catch(() => undefined)
  while (!isOver) {
    await some(1)
    await context.clock.sleep(5)
  }
  await disturbed
  await some(10)
  return { writes }
}

const put = (
  store: KeyValueStore,
  context: ConformanceContext,
  key: Uint8Array,
  value: string,
  ttlMs?: number,
): Promise<void> =>
  retried(async () => {
    const idempotencyKey = `${context.prefix}${text(key)}=${value}`.slice(-128)
    await store.put(key, utf8(value), {
      idempotencyKey,
      timeoutMs: CALL_MS,
      ...(ttlMs !== undefined && { ttlMs }),
    })
  })

/** Bad days end calls as unavailable, timed out or unknown; what carries an idempotency key may be tried again. */
async function retried(act: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      const isPassing = error instanceof DureError && (error.retryable || error.outcome === 'unknown')
      if (!isPassing || attempt === 20) throw error
    }
  }
}
