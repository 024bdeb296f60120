import { beforeEach, expect, test } from 'vitest'
import { prefixEnd, text, utf8 } from '../../../foundation/bytes.ts'
import { logIndex } from '../../../foundation/ids.ts'
import { versionFromNumber } from '../../../ports/key-value/version.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { ChangeBatch } from '../../../wire/parcel/change-batch.ts'
import type { ErrorResponse, FeedPlace, WireChange } from '../../../wire/parcel/parcel.ts'
import { WatchHub, type WatchRequest } from './watch-hub.ts'
import type { Watcher, WatchOutlet } from './watcher.ts'

const HISTORY = 7

/** What was applied, one write of some keys for each entry. */
class Feed {
  compactedIndex = logIndex(0)
  appliedIndex = 0
  /** How many entries anybody was given: what a real feed decodes. */
  readEntries = 0
  readonly #entries = new Map<number, readonly WireChange[]>()

  put(...keys: readonly string[]): number {
    const index = ++this.appliedIndex
    const version = versionFromNumber(index)
    const changes = keys.map((key, i) => ({
      key: utf8(key),
      value: utf8(`${index}`),
      version,
      ordinal: i + 1,
    }))
    this.#entries.set(index, changes)
    return index
  }

  *after(index: number) {
    if (index < this.compactedIndex) throw new Error('asked for what was compacted')
    for (let i = index + 1; i <= this.appliedIndex; i++) {
      const changes = this.#entries.get(i)
      if (changes === undefined) continue
      this.readEntries++
      yield { index: logIndex(i), changes }
    }
  }
}

/** Writes down what it is sent, and asserts that it follows on what came before. */
class Receiver implements WatchOutlet {
  readonly messages: { readonly batch: ChangeBatch }[] = []
  reason: ErrorResponse | undefined

  changes(_id: number, sequence: number, batch: ChangeBatch): void {
    expect(this.reason, 'the last word was said').toBeUndefined()
    expect(sequence).toBe(this.messages.length + 1)
    this.messages.push({ batch })
  }

  ended(_id: number, reason: ErrorResponse): void {
    expect(this.reason, 'ends once').toBeUndefined()
    this.reason = reason
  }

  get seen(): string[] {
    return this.messages.flatMap(({ batch }) =>
      batch.changes.map(({ key, version }) => `${text(key)}@${version}`),
    )
  }

  get upTo(): string {
    const { index, ordinal } = this.messages.at(-1)!.batch.upTo
    return `${index}.${ordinal}`
  }
}

let world: Simulation
let feed: Feed
let hub: WatchHub
let hasLeader: boolean
/** Who waits for the leader's word on where the log ends. */
let ends: ((end: FeedPlace | undefined) => void)[]

beforeEach(() => {
  world = new Simulation({ seed: 1 })
  feed = new Feed()
  hasLeader = true
  ends = []
  world.spawn('node', { promises: false }).start((runtime) => {
    hub = new WatchHub({
      runtime,
      feed: () => feed,
      history: HISTORY,
      appliedIndex: () => logIndex(feed.appliedIndex),
      hasLeader: () => hasLeader,
      findEnd: (found) => ends.push(found),
      wake: () => {},
    })
  })
  world.run({ untilMs: 0 })
})

/** A turn of the node, and what it says it has not come to. */
const turn = (): void => {
  do hub.advance()
  while (hub.hasMore)
}
const passMs = (ms: number): void => world.run({ untilMs: world.nowMs + ms })
const range = (from: string, to: string): Pick<WatchRequest, 'from' | 'to'> => ({
  from: utf8(from),
  to: utf8(to),
})
const prefix = (of: string) => ({ from: utf8(of), to: prefixEnd(utf8(of)) })

function open(
  of: Pick<WatchRequest, 'from' | 'to'>,
  options: { after?: [number, number]; window?: number } = {},
) {
  const [index, ordinal] = options.after ?? [feed.appliedIndex + 1, 0]
  const after = { history: HISTORY, index: logIndex(index), ordinal }
  const receiver = new Receiver()
  const request = { kind: 'watch', ...of, after, windowBytes: options.window ?? 1 << 20 } as const
  const watcher = hub.open(receiver, 1, request) as Watcher
  return { receiver, watcher }
}

test('a watch is taken at once, and sees what is applied from then on', () => {
  feed.put('a')
  const { receiver } = open(prefix(''))
  turn()
  expect(receiver.messages).toHaveLength(1)
  expect(receiver.upTo).toBe('2.0')
  feed.put('a', 'b')
  feed.put('c')
  turn()
  expect(receiver.seen).toEqual(['a@2', 'b@2', 'c@3'])
  expect(receiver.upTo).toBe('4.0')
})

test('each range gets its own: keys, prefixes of every length, anything else', () => {
  const key = open(range('b', 'b\0'))
  const short = open(prefix('b'))
  const long = open(prefix('b/c/'))
  const odd = open(range('a', 'b/c'))
  const rest = open({ from: utf8('c'), to: undefined })
  const none = open(range('z', 'a'))
  turn()
  for (const name of ['a', 'b', 'b/', 'b/c', 'b/c/d', 'b\0', 'c', 'd']) feed.put(name)
  turn()
  const names = ({ receiver }: typeof key) => receiver.seen.map((seen) => seen.split('@')[0])
  expect(names(key)).toEqual(['b'])
  expect(names(short)).toEqual(['b', 'b/', 'b/c', 'b/c/d', 'b\0'])
  expect(names(long)).toEqual(['b/c/d'])
  expect(names(odd)).toEqual(['a', 'b', 'b/', 'b\0'])
  expect(names(rest)).toEqual(['c', 'd'])
  expect(names(none)).toEqual([])
})

test('all watchers of a range share one batch', () => {
  const watches = [open(prefix('k')), open(prefix('k')), open(prefix('k'))]
  turn()
  feed.put('k')
  turn()
  const batches = new Set(watches.map(({ receiver }) => receiver.messages.at(-1)!.batch))
  expect(batches.size).toBe(1)
})

test('a watch goes on from a place in the middle of an entry', () => {
  feed.put('a', 'b', 'c')
  feed.put('d')
  const { receiver } = open(prefix(''), { after: [1, 2] })
  turn()
  expect(receiver.seen).toEqual(['c@1', 'd@2'])
})

test('a place that this node has not come to waits for it and sees nothing twice', () => {
  const ahead = open(prefix(''), { after: [3, 1] })
  turn()
  expect(ahead.receiver.upTo).toBe('3.1')
  feed.put('a')
  feed.put('b')
  turn()
  expect(ahead.receiver.seen).toEqual([])
  feed.put('c', 'd')
  feed.put('e')
  turn()
  expect(ahead.receiver.seen).toEqual(['d@3', 'e@4'])
})

test('a place that the cluster has not come to either is of a past that was lost, and the watch ends', () => {
  feed.put('a')
  const lost = open(prefix(''), { after: [9, 0] })
  const merely = open(prefix(''), { after: [4, 1] })
  turn()
  passMs(1_600)
  expect(ends, 'a node that is merely behind gets there in a moment').toHaveLength(0)
  passMs(1_000)
  expect(ends, 'the leader is asked once for all').toHaveLength(1)
  const late = open(prefix(''), { after: [9, 0] })
  turn()
  ends[0]!({ index: logIndex(5), ordinal: 0 })
  expect(lost.receiver.reason).toMatchObject({
    code: 'compacted',
    retryable: false,
    message:
      'asked for the changes from entry 9 on, but the cluster has come to entry 4 only; the cursor is of a past that was lost: data were copied back, or a machine was set back; take a cursor, read the range, and watch from that cursor',
  })
  expect(merely.receiver.reason).toBeUndefined()
  expect(late.receiver.reason, 'what it asks for may have come after the leader looked').toBeUndefined()
  expect(hub.figures).toMatchObject({ watchers: 2, compacted: 1 })
  for (const key of ['b', 'c', 'd']) feed.put(key)
  turn()
  expect(merely.receiver.seen).toEqual([])
  feed.put('e')
  turn()
  expect(merely.receiver.seen).toEqual(['e@5'])
})

test('a leader that could not say how far it is is asked again', () => {
  const { receiver } = open(prefix(''), { after: [9, 0] })
  turn()
  passMs(2_600)
  passMs(5_000)
  expect(ends, 'not while it is being asked').toHaveLength(1)
  ends[0]!(undefined)
  expect(receiver.reason).toBeUndefined()
  passMs(2_600)
  expect(ends).toHaveLength(2)
  ends[1]!({ index: logIndex(9), ordinal: 0 })
  expect(receiver.reason, 'all that is there was asked for').toBeUndefined()
  passMs(2_600)
  ends[2]!({ index: logIndex(8), ordinal: 0 })
  expect(receiver.reason).toMatchObject({ code: 'compacted' })
})

test('a closed window holds a watch back and no other; what is allowed lets it go on where it stood', () => {
  // Each change takes 18 or 19 bytes of it.
  const slow = open(prefix('k'), { window: 40 })
  const fast = open(prefix('k'))
  turn()
  for (let i = 0; i < 6; i++) {
    feed.put('k')
    turn()
  }
  expect(slow.receiver.seen).toEqual(['k@1', 'k@2'])
  expect(fast.receiver.seen).toHaveLength(6)
  expect(hub.figures).toMatchObject({ watchers: 2, lagging: 1 })

  hub.allow(slow.watcher, 40)
  turn()
  expect(slow.receiver.seen, 'the same total allows nothing more').toHaveLength(2)
  hub.allow(slow.watcher, 80)
  turn()
  expect(slow.receiver.seen).toEqual(['k@1', 'k@2', 'k@3', 'k@4'])
  hub.allow(slow.watcher, 8_000)
  turn()
  feed.put('k')
  turn()
  expect(slow.receiver.seen).toEqual(fast.receiver.seen)
  expect(hub.figures).toMatchObject({ watchers: 2, lagging: 0 })
})

test('a change larger than the window goes alone once half of it is open', () => {
  const { receiver, watcher } = open(prefix('k'), { window: 40 })
  turn()
  feed.put('k')
  feed.put(`k${'x'.repeat(100)}`)
  feed.put('k')
  turn()
  expect(receiver.seen).toHaveLength(2)
  hub.allow(watcher, 18 + 118 + 17)
  turn()
  expect(receiver.seen.at(-1), 'what was sent beyond the window is counted').toMatch(/^kx+@2$/)
  hub.allow(watcher, 18 + 118 + 40)
  turn()
  expect(receiver.seen.at(-1)).toBe('k@3')
})

test('progress is told every two seconds of silence, also to whom the window is closed, and passes over nothing', () => {
  const calm = open(prefix('calm'))
  const blocked = open(prefix('k'), { window: 20 })
  turn()
  for (let i = 0; i < 3; i++) feed.put('k')
  turn()
  expect(blocked.receiver.messages).toHaveLength(2)
  passMs(2_600)
  expect(calm.receiver.upTo).toBe('4.0')
  expect(blocked.receiver.upTo).toBe('2.0')
  expect(blocked.receiver.messages).toHaveLength(3)
  hub.allow(blocked.watcher, 1 << 20)
  turn()
  expect(blocked.receiver.seen).toEqual(['k@1', 'k@2', 'k@3'])
})

test('who lacks what is no longer kept is told so, when it asks and when it is too slow', () => {
  for (let i = 0; i < 5; i++) feed.put('k')
  feed.compactedIndex = logIndex(3)
  const late = open(prefix('k'), { after: [3, 0] })
  expect(late.receiver.reason).toMatchObject({
    code: 'compacted',
    retryable: false,
    message:
      'asked for the changes from entry 3 on, but they are kept from entry 4 on; take a cursor, read the range, and watch from that cursor',
  })
  const just = open(prefix('k'), { after: [4, 0] })
  turn()
  expect(just.receiver.seen).toEqual(['k@4', 'k@5'])

  const slow = open(prefix('k'), { window: 20 })
  turn()
  for (let i = 0; i < 5; i++) feed.put('k')
  turn()
  feed.compactedIndex = logIndex(9)
  passMs(600)
  expect(slow.receiver.seen).toEqual(['k@6'])
  expect(slow.receiver.reason).toMatchObject({ code: 'compacted' })
  expect(just.receiver.reason, 'the others stay').toBeUndefined()
  expect(hub.figures).toMatchObject({ watchers: 1, compacted: 2 })
})

test('a snapshot that takes the node beyond what its feed has ends the watches that lack something', () => {
  const { receiver } = open(prefix('k'))
  turn()
  for (let i = 0; i < 9; i++) feed.put('k')
  feed.compactedIndex = logIndex(4)
  turn()
  expect(receiver.reason).toMatchObject({ code: 'compacted' })
})

test('a cursor of another cluster is refused as compacted', () => {
  const receiver = new Receiver()
  const after = { history: HISTORY + 1, index: logIndex(1), ordinal: 0 }
  hub.open(receiver, 1, { kind: 'watch', ...prefix(''), after, windowBytes: 1 })
  expect(receiver.reason).toMatchObject({
    code: 'compacted',
    message: expect.stringContaining('another history'),
  })
})

test('a bound that no key can have, and a window of nothing, are invalid', () => {
  expect(open({ from: new Uint8Array(1_026), to: undefined }).receiver.reason).toMatchObject({
    code: 'invalid',
  })
  expect(open(prefix(''), { window: 0 }).receiver.reason).toMatchObject({ code: 'invalid' })
})

test('without a leader for a second watches end, to go on elsewhere', () => {
  const { receiver } = open(prefix(''))
  turn()
  hasLeader = false
  passMs(900)
  expect(receiver.reason).toBeUndefined()
  hasLeader = true
  passMs(1_000)
  hasLeader = false
  passMs(1_600)
  expect(receiver.reason).toMatchObject({ code: 'unavailable', retryable: true })
})

test('a node that closes tells all, and takes no more', () => {
  const { receiver } = open(prefix(''))
  hub.close()
  expect(receiver.reason).toMatchObject({ code: 'closed', retryable: true })
  expect(open(prefix('')).receiver.reason).toMatchObject({ code: 'closed' })
})

test('a watch that ended leaves nothing behind', () => {
  const watches = [open(prefix('k')), open(range('k', 'k\0')), open(range('a', 'z'), { window: 20 })]
  turn()
  for (let i = 0; i < 3; i++) feed.put('k')
  turn()
  for (const { watcher } of watches) hub.end(watcher)
  hub.end(watches[0]!.watcher)
  feed.put('k')
  turn()
  expect(watches.map(({ receiver }) => receiver.seen.length)).toEqual([3, 3, 1])
  expect(hub.figures).toMatchObject({ watchers: 0, lagging: 0 })
  hub.end(open(prefix('k')).watcher)
  expect(hub.hasMore, 'nobody waits for a turn').toBe(false)
})

test('one that lacks much reads a part of it a turn, and the others go on meanwhile', () => {
  for (let i = 0; i < 100_000; i++) feed.put('k')
  const fast = open(prefix('k'))
  hub.advance()
  const late = open(prefix('k'), { after: [1, 0], window: 16 << 20 })
  let turns = 0
  do {
    feed.put('k')
    hub.advance()
    expect(fast.receiver.seen).toHaveLength(++turns)
  } while (hub.hasMore)
  expect(turns).toBeGreaterThan(3)
  expect(late.receiver.seen).toHaveLength(100_000 + turns)
})

test('what many lack is read once for all of them, whatever they watch and wherever they begin', () => {
  const entries = 20_000
  const name = (i: number): string => `k${String(i % 200).padStart(3, '0')}`
  for (let i = 0; i < entries; i++) feed.put(name(i))
  const watches = Array.from({ length: 400 }, (_, i) => {
    // The second half begins all over the first quarter.
    const begin = i < 200 ? 1 : 1 + ((i * 7_919) % (entries / 4))
    return { begin, i, ...open(prefix(name(i)), { after: [begin, 0] }) }
  })
  turn()
  // Chunks that begin at places of their own overlap a little.
  expect(feed.readEntries).toBeLessThan(2 * entries)
  for (const { receiver, begin, i } of watches) {
    const expected: string[] = []
    for (let index = 1 + (i % 200); index <= entries; index += 200) {
      if (index >= begin) expected.push(`${name(i)}@${index}`)
    }
    expect(receiver.seen).toEqual(expected)
  }
})

test('those that come one after the other, while others read, find what was read', () => {
  const entries = 20_000
  for (let i = 0; i < entries; i++) feed.put(`k${i % 100}`)
  const watches = []
  for (let i = 0; i < 100; i++) {
    watches.push(open(range(`k${i}`, `k${i}\0`), { after: [1, 0] }))
    hub.advance()
  }
  turn()
  for (const { receiver } of watches) expect(receiver.seen).toHaveLength(entries / 100)
  // Each alone would read all of it, a hundred times in all.
  expect(feed.readEntries).toBeLessThan(8 * entries)
})

test('windows that open one after the other, turn by turn, cost no new reading', () => {
  const entries = 1_000
  for (let i = 0; i < entries; i++) feed.put('k')
  const watches = Array.from({ length: 20 }, () => open(prefix('k'), { after: [1, 0], window: 400 }))
  turn()
  for (let allowed = 400; watches.some(({ receiver }) => receiver.seen.length < entries); allowed += 400) {
    for (const { watcher } of watches) {
      hub.allow(watcher, allowed)
      turn()
    }
  }
  for (const { receiver } of watches) expect(receiver.seen).toHaveLength(entries)
  expect(feed.readEntries).toBeLessThan(2 * entries)
})

test('more watchers than one turn serves read a chunk once all the same', () => {
  const entries = 2_000
  for (let i = 0; i < entries; i++) feed.put('k')
  const watches = Array.from({ length: 5_000 }, () => open(prefix('k'), { after: [1, 0] }))
  turn()
  for (const { receiver } of watches) expect(receiver.upTo).toBe(`${entries + 1}.0`)
  expect(feed.readEntries).toBeLessThan(1.5 * entries)
})

test('who watches the same and lacks the same shares the batches', () => {
  for (let i = 0; i < 3_000; i++) feed.put('k')
  const watches = [1, 2, 3].map(() => open(prefix('k'), { after: [1, 0] }))
  turn()
  const batches = new Set(
    watches.flatMap(({ receiver }) =>
      receiver.messages.map(({ batch }) => batch).filter(({ changes }) => changes.length > 0),
    ),
  )
  expect(batches.size).toBe(watches[0]!.receiver.messages.length - 1)
})

test('one turn does a bounded part of the work, and whoever opens a watch hears of it in that turn', () => {
  for (let i = 0; i < 20_000; i++) feed.put('k')
  for (let i = 0; i < 3_000; i++) open(prefix(`k${i}`), { after: [1, 0] })
  let readBefore = 0
  for (let i = 0; i < 20; i++) {
    const { receiver } = open(prefix('k'))
    hub.advance()
    expect(receiver.messages).toHaveLength(1)
    expect(feed.readEntries - readBefore).toBeLessThan(2_000)
    readBefore = feed.readEntries
    expect(hub.hasMore).toBe(true)
  }
})

test('those in front go on while those behind read', () => {
  const entries = 20_000
  for (let i = 0; i < entries; i++) feed.put('k')
  for (let i = 0; i < 3_000; i++) open(prefix('k'), { after: [1, 0] })
  const front = open(prefix('k'), { after: [entries, 0] })
  for (let i = 0; i < 10; i++) hub.advance()
  expect(hub.hasMore).toBe(true)
  expect(front.receiver.seen).toEqual([`k@${entries}`])
})
