import { beforeEach, describe, expect, test } from 'vitest'
import { text, utf8 } from '../../foundation/bytes.ts'
import type { DureError } from '../../foundation/errors.ts'
import { logIndex } from '../../foundation/ids.ts'
import { cursorFromText } from '../../ports/key-value/cursor.ts'
import { versionFromNumber } from '../../ports/key-value/version.ts'
import type { Watch } from '../../ports/key-value/watch.ts'
import { Simulation } from '../../runtime/simulated/simulation.ts'
import { ChangeBatch } from '../../wire/parcel/change-batch.ts'
import type { FeedPlace, WireChange } from '../../wire/parcel/parcel.ts'
import { Client } from './client.ts'
import { ClientStore } from './client-store.ts'
import { cursorOf, placeOf } from './cursor-text.ts'
import { errorResponse } from './error-response.ts'
import { ScriptedTransport, type ScriptedWatch } from './testing/scripted-transport.ts'
import type { WatchReceiver } from './transport.ts'

const HISTORY = 7
const WINDOW_BYTES = 1 << 20
const everything = { from: utf8('k'), to: undefined }
const place = (index: number, ordinal = 0) => ({ history: HISTORY, index: logIndex(index), ordinal })

let world: Simulation
let transport: ScriptedTransport
let client: Client
let store: ClientStore

beforeEach(() => {
  world = new Simulation({ seed: 1 })
  transport = new ScriptedTransport()
  world.spawn('client', { promises: false }).start((runtime) => {
    const guarantees = {
      engine: 'scripted',
      read: 'strong',
      durability: 'memory',
      idempotentRetries: true,
      commit: 'key',
      watch: true,
      leases: true,
    } as const
    client = new Client(runtime, transport)
    store = new ClientStore(runtime, client, guarantees)
  })
  world.run({ untilMs: 0 })
})

const passMs = (ms: number): void => world.run({ untilMs: world.nowMs + ms })
const lost = errorResponse('unavailable', 'lost', { retryable: true })

/** One put in each entry. */
function batch(
  sequence: number,
  indexes: readonly number[],
  upTo: FeedPlace,
  valueBytes = 1,
): Parameters<WatchReceiver> {
  const changes = indexes.map(
    (index): WireChange => ({
      key: utf8(`k${index}`),
      value: new Uint8Array(valueBytes),
      version: versionFromNumber(index),
      ordinal: 1,
    }),
  )
  return [sequence, new ChangeBatch(changes, upTo)]
}

/** The leg that is open now. */
function leg(): ScriptedWatch {
  const watch = transport.watches.at(-1)!
  expect(watch.isOver).toBe(false)
  return watch
}

/** A watch from entry 10 on that a node has taken. */
function opened(): Watch {
  const watch = store.watch(everything, { from: cursorOf(place(10)) })
  leg().received(...batch(1, [], place(10)))
  return watch
}

/** The same, and what it hands over. */
function watching() {
  const watch = opened()
  return { watch, seen: collect(watch) }
}

/** Takes changes one after the other, as soon as they come. */
function collect(watch: Watch) {
  const seen = { keys: [] as string[], error: undefined as DureError | undefined, isDone: false }
  const take = async (): Promise<void> => {
    try {
      for await (const change of watch) seen.keys.push(text(change.key))
      seen.isDone = true
    } catch (error) {
      seen.error = error as DureError
    }
  }
  void take()
  return seen
}

/** Promises have settled. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('from now: the place is asked for at once, until somebody tells it', async () => {
  const watch = store.watch(everything)
  expect(transport.waiting.map(({ request }) => request.kind)).toEqual(['cursor'])
  for (let ms = 0; ms < 20_000; ms += 10) {
    while (transport.waiting.length > 0) transport.answer(lost)
    passMs(10)
  }
  expect(transport.watches).toEqual([])
  while (transport.waiting.length === 0) passMs(10)
  transport.answer({ status: 'cursor', place: place(10) })
  expect(leg().request).toMatchObject({ ...everything, after: place(10) })
  expect(watch.cursor).toBeUndefined()
  leg().received(...batch(1, [], place(10)))
  expect(await watch.ready).toBe(cursorOf(place(10)))
  expect(watch.cursor).toBe(cursorOf(place(10)))
})

test('the place it begins at lies before the changes that come with the first word', async () => {
  const watch = store.watch(everything)
  transport.answer({ status: 'cursor', place: place(10) })
  leg().received(...batch(1, [10, 11], place(12)))
  expect(await watch.ready).toBe(cursorOf(place(10)))
  expect(watch.cursor).toBe(cursorOf(place(10)))
  const { value } = await watch[Symbol.asyncIterator]().next()
  expect(value).toMatchObject({ version: 10 })
})

test('changes come in order, each with the cursor to go on after it', async () => {
  const watch = opened()
  leg().received(...batch(2, [10, 12], place(15)))
  const changes = watch[Symbol.asyncIterator]()
  const first = (await changes.next()).value!
  expect(first).toMatchObject({ kind: 'put', version: 10, cursor: cursorOf(place(10, 1)) })
  expect(watch.cursor).toBe(first.cursor)
  const second = (await changes.next()).value!
  expect(second).toMatchObject({ version: 12, cursor: cursorOf(place(12, 1)) })
  expect(watch.cursor, 'nothing more was up to there').toBe(cursorOf(place(15)))
  leg().received(...batch(3, [], place(99)))
  expect(watch.cursor).toBe(cursorOf(place(99)))
})

describe('whatever the network does, there is no gap and no repeat', () => {
  test('a lost connection: on from the last place received', async () => {
    const { seen } = watching()
    leg().received(...batch(2, [10, 11], place(12)))
    transport.watches[0]!.ended(lost)
    passMs(100)
    expect(transport.watches).toHaveLength(2)
    expect(leg().request.after).toEqual(place(12))
    leg().received(...batch(1, [], place(12)))
    leg().received(...batch(2, [13], place(14)))
    await settled()
    expect(seen.keys).toEqual(['k10', 'k11', 'k13'])
  })

  test('copies are dropped, and what was overtaken is waited for', async () => {
    const { seen } = watching()
    leg().received(...batch(4, [30], place(31)))
    leg().received(...batch(2, [10], place(20)))
    leg().received(...batch(2, [10], place(20)))
    await settled()
    expect(seen.keys).toEqual(['k10'])
    leg().received(...batch(3, [20], place(30)))
    leg().received(...batch(3, [20], place(30)))
    leg().received(...batch(5, [31], place(32)))
    await settled()
    expect(seen.keys).toEqual(['k10', 'k20', 'k30', 'k31'])
    expect(transport.watches).toHaveLength(1)
  })

  test('what does not come is asked for again, from the last place before it', async () => {
    const { seen } = watching()
    leg().received(...batch(2, [10], place(11)))
    leg().received(...batch(4, [20], place(21)))
    passMs(400)
    expect(transport.watches).toHaveLength(1)
    passMs(300)
    expect(transport.watches[0]).toMatchObject({ isOver: true, wasSilent: false })
    expect(leg().request.after).toEqual(place(11))
    // What the first node says from now on is not heard.
    transport.watches[0]!.received(...batch(3, [15], place(20)))
    transport.watches[0]!.ended(errorResponse('compacted', 'old'))
    leg().received(...batch(1, [], place(11)))
    leg().received(...batch(2, [15, 20], place(21)))
    await settled()
    expect(seen.keys).toEqual(['k10', 'k15', 'k20'])
  })

  test('a node that falls silent is left, one that never says a word sooner', () => {
    watching()
    passMs(5_900)
    expect(transport.watches).toHaveLength(1)
    passMs(200)
    expect(transport.watches[0]).toMatchObject({ isOver: true, wasSilent: true })
    expect(transport.watches).toHaveLength(2)
    passMs(2_200)
    expect(transport.watches[1]).toMatchObject({ isOver: true, wasSilent: true })
  })

  test('a node that contradicts what was received ends it', async () => {
    const { seen } = watching()
    leg().received(...batch(2, [10], place(20)))
    leg().received(...batch(3, [15], place(30)))
    await settled()
    expect(seen).toMatchObject({ keys: ['k10'], error: { code: 'protocol' } })
  })
})

test('the window opens as changes are taken, and its size is told again when it may have been lost', async () => {
  const watch = opened()
  const half = WINDOW_BYTES / 2
  leg().received(...batch(2, [10], place(11), half))
  leg().received(...batch(3, [11], place(12), half))
  expect(leg().allowedBytes).toBe(WINDOW_BYTES)
  const changes = watch[Symbol.asyncIterator]()
  await changes.next()
  const allowed = leg().allowedBytes
  expect(allowed).toBeGreaterThanOrEqual(WINDOW_BYTES + half)
  leg().allowedBytes = 0
  leg().received(...batch(4, [], place(13)))
  expect(leg().allowedBytes).toBe(allowed)
})

test('what waits for a slow taker does not keep the message that it came in', async () => {
  const message = new Uint8Array(1 << 20).fill(7)
  const change = (version: number): WireChange => {
    const bytes = message.subarray(version, version + 1)
    return { key: bytes, value: bytes, version: versionFromNumber(version), ordinal: 1 }
  }
  const kept: WireChange[] = []
  const stream = client.watch(everything, place(10), { ready() {}, received() {}, ended() {} })
  stream.start()
  leg().received(1, new ChangeBatch([change(10), change(11)], place(12)))
  leg().received(3, new ChangeBatch([change(13)], place(14)))
  leg().received(2, new ChangeBatch([change(12)], place(13)))
  for (let batch = stream.take(); batch !== undefined; batch = stream.take()) kept.push(...batch.changes)
  expect(kept).toEqual([10, 11, 12, 13].map(change))
  for (const { key, value } of kept) {
    expect(key.buffer.byteLength).toBeLessThan(1_024)
    expect(value!.buffer.byteLength).toBeLessThan(1_024)
  }
})

test('a watch whose taker stands still is not opened again until there is room', async () => {
  const watch = opened()
  leg().received(...batch(2, [10], place(11), WINDOW_BYTES))
  leg().ended(lost)
  passMs(30_000)
  expect(transport.watches).toHaveLength(1)
  const changes = watch[Symbol.asyncIterator]()
  await changes.next()
  expect(transport.watches).toHaveLength(2)
  expect(leg().request.after).toEqual(place(11))
})

describe('ends', () => {
  test('as compacted, after everything that came before', async () => {
    const { watch, seen } = watching()
    leg().received(...batch(2, [10, 11], place(12)))
    leg().ended(errorResponse('compacted', 'start again'))
    await settled()
    expect(seen).toMatchObject({ keys: ['k10', 'k11'], error: { code: 'compacted', message: 'start again' } })
    expect(await watch[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined })
  })

  test('as compacted before it began, also for those who wait until it is ready', async () => {
    const watch = store.watch(everything, { from: cursorOf(place(10)) })
    leg().ended(errorResponse('compacted', 'start again'))
    await expect(watch.ready).rejects.toMatchObject({ code: 'compacted' })
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'compacted' })
  })

  test('by its signal, its close and that of the store, and the node hears of it', async () => {
    const controller = new AbortController()
    const aborted = store.watch(everything, { from: cursorOf(place(1)), signal: controller.signal })
    const closed = store.watch(everything, { from: cursorOf(place(2)) })
    const open = store.watch(everything, { from: cursorOf(place(3)) })
    const ends = [collect(aborted), collect(closed), collect(open)]
    controller.abort(new Error('enough'))
    await closed.close()
    expect(transport.watches.map(({ isOver }) => isOver)).toEqual([true, true, false])
    await store.close()
    expect(transport.watches.every(({ isOver }) => isOver)).toBe(true)
    await settled()
    expect(ends).toMatchObject([
      { error: { code: 'aborted' } },
      { error: undefined, isDone: true },
      { error: { code: 'closed' } },
    ])
    const late = collect(store.watch(everything))
    await settled()
    expect(late).toMatchObject({ error: { code: 'closed' } })
    passMs(60_000)
    expect(transport.watches).toHaveLength(3)
  })

  test('when its loop is left', async () => {
    const watch = store.watch(everything, { from: cursorOf(place(1)) })
    leg().received(...batch(1, [1, 2], place(3)))
    for await (const change of watch) {
      expect(text(change.key)).toBe('k1')
      break
    }
    expect(transport.watches[0]!.isOver).toBe(true)
  })
})

describe('the text of a cursor', () => {
  test('names a place', () => {
    for (const [index, ordinal] of [
      [1, 0],
      [2 ** 40, 128],
      [Number.MAX_SAFE_INTEGER, 1],
    ] as const) {
      const at = { history: 0xffff_ffff, index: logIndex(index), ordinal }
      expect(placeOf(cursorOf(at))).toEqual(at)
    }
    expect(cursorOf(place(40, 1))).toBe('7-14-1')
  })

  test.each([
    '',
    '7',
    '7-14',
    '7-0-0',
    '07-14-1',
    '7-14-1 ',
    '7-14-1-1',
    'A-1-1',
    '1z141z4-1-1',
    `7-${'z'.repeat(11)}-1`,
  ])('%j is none', (given) => {
    expect(() => store.watch(everything, { from: cursorFromText(given) })).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining('cursor') }),
    )
  })
})
