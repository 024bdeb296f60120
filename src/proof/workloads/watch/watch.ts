import { text, utf8 } from '../../../foundation/bytes.ts'
import { DureError } from '../../../foundation/errors.ts'
import type { Cursor } from '../../../ports/key-value/cursor.ts'
import { prefixRange } from '../../../ports/key-value/prefix-range.ts'
import type { HistoryValue } from '../../verify/history/event.ts'
import { checkWatched } from '../../verify/watch/check-watched.ts'
import { fail, ok } from '../client.ts'
import { eachWorker, phases, repeat, until } from '../generator/combinators.ts'
import { call, done, type Generator } from '../generator/generator.ts'
import { Rows } from '../rows.ts'
import { type Answer, PREPARE_TIMEOUT_MS, type WorkerContext, type Workload } from '../workload.ts'

const KEYS = 8
/** One in so many workers watches, the others write. */
const WORKERS_PER_WATCHER = 3
/** Then a watch ends, and the next one goes on. */
const WATCH_MS = 500
const CHANGES_MAX = 100

/** Watchers go from one watch to the next while others write; all must be shown the same, and all of it. */
export const watch: Workload = {
  name: 'watch',
  description: 'writes while watchers come and go; each change is shown once, in one order, to all of them',
  plan({ prefix }) {
    let values = 0
    let start: Cursor | undefined
    /** The value of the last write, once it was acknowledged; none again when a watcher has begun after it. */
    let last: HistoryValue | undefined
    /** Places that watchers took after they were told `compacted`. */
    let taken = 0
    /** By watcher, which stays who it is when its client is replaced. */
    const places = new Map<number, Cursor>()
    /** Those that were shown the last write. */
    const ended = new Set<number>()

    const watches = eachWorker((key) => repeat(() => ({ f: 'watch', value: null, key })))
    const writes = repeat(({ random }) => ({
      f: 'write',
      value: [`key ${random.integer(0, KEYS - 1)}`, values++],
    }))
    const writeLast = () => ({ f: 'last', value: ['last', values++] })
    const lastWrites = until(() => last !== undefined, writeLast)
    const lastWatches = eachWorker((key) => ({
      next() {
        if (ended.has(key)) return done
        return call(last === undefined ? writeLast() : { f: 'watch', value: null, key })
      },
    }))

    async function write({ store, runtime }: WorkerContext, written: HistoryValue, timeoutMs: number) {
      const [name, value] = written as readonly [string, number]
      const version = await new Rows(store, prefix, runtime, timeoutMs).write(name, value)
      return [name, value, version] as const
    }

    return {
      load: byRole(watches, writes),
      finalReads: phases([lastWrites, byRole(lastWatches, nothing)]),
      atLeast: { write: 10, watch: 5 },
      async prepare(store) {
        start = await store.cursor({ timeoutMs: PREPARE_TIMEOUT_MS })
      },
      open: (worker) => ({
        async invoke({ f, value, key }, { timeoutMs }): Promise<Answer> {
          if (f !== 'watch') {
            const takenBefore = taken
            const written = await write(worker, value, timeoutMs)
            // A place that was taken meanwhile may lie behind it.
            if (f === 'last' && taken === takenBefore) last = written[1]
            return ok(written)
          }
          const watcher = key as number
          const watched = await watchFor(worker, prefix, places.get(watcher) ?? start!, WATCH_MS)
          if (watched === 'compacted') {
            places.set(watcher, await worker.store.cursor({ timeoutMs }))
            // It may have passed the last write over: then there has to be another one.
            taken++
            last = undefined
            return fail(watched)
          }
          places.set(watcher, watched.cursor)
          if (watched.changes.some(([name, value]) => name === 'last' && value === last)) ended.add(watcher)
          return ok(watched.changes)
        },
      }),
      check: checkWatched,
    }
  },
}

const nothing: Generator = { next: () => done }

function byRole(watchers: Generator, writers: Generator): Generator {
  return {
    next: (asking) => (asking.worker % WORKERS_PER_WATCHER === 0 ? watchers : writers).next(asking),
  }
}

/** What is shown after `from` in this time, and the place to go on from. */
async function watchFor(
  { store, runtime }: WorkerContext,
  prefix: string,
  from: Cursor,
  durationMs: number,
): Promise<{ readonly changes: HistoryValue[][]; readonly cursor: Cursor } | 'compacted'> {
  const changes: HistoryValue[][] = []
  const watched = store.watch(prefixRange(utf8(prefix)), { from })
  const timer = runtime.timer(durationMs, () => void watched.close())
  try {
    for await (const change of watched) {
      const value = change.kind === 'put' ? (JSON.parse(text(change.value)) as number) : null
      changes.push([text(change.key).slice(prefix.length), value, change.version])
      if (changes.length === CHANGES_MAX) break
    }
    return { changes, cursor: watched.cursor ?? from }
  } catch (error) {
    if (error instanceof DureError && error.code === 'compacted') return 'compacted'
    throw error
  } finally {
    timer.cancel()
    await watched.close()
  }
}
