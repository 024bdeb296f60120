import { type LogIndex, logIndex } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import { limits } from '../../../ports/key-value/limits.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { ChangeBatch, changeSizeBytes } from '../../../wire/parcel/change-batch.ts'
import type { ErrorResponse, FeedPlace, Request, WireChange } from '../../../wire/parcel/parcel.ts'
import { errorResponse } from '../../client/error-response.ts'
import { type WatchedRange, WatchedRanges } from './watched-ranges.ts'
import { Watcher, type WatchOutlet } from './watcher.ts'

/** The changes that a group keeps, in the order of the log. */
export interface ChangeFeed {
  /** Changes of entries up to here are gone. */
  readonly compactedIndex: LogIndex
  /** The entries after `index` that changed something. */
  after(index: LogIndex): Iterable<{ readonly index: LogIndex; readonly changes: readonly WireChange[] }>
}

export interface WatchHubParts {
  readonly runtime: Runtime
  readonly feed: () => ChangeFeed
  /** Of the cluster: see `ChangePlace`. */
  readonly history: number
  readonly appliedIndex: () => LogIndex
  readonly hasLeader: () => boolean
  /** Asks for a turn. */
  readonly wake: () => void
}

/** What a metric says of the watches of a group. */
export interface WatchFigures {
  readonly watchers: number
  /** Those that are not caught up: just opened, or slower than the changes. */
  readonly lagging: number
  readonly sentChanges: number
  readonly sentBytes: number
  /** Ended because the feed no longer had what they lacked. */
  readonly compacted: number
}

export function addFigures(all: readonly WatchFigures[]): WatchFigures {
  const sum = (name: keyof WatchFigures): number => all.reduce((total, figures) => total + figures[name], 0)
  return {
    watchers: sum('watchers'),
    lagging: sum('lagging'),
    sentChanges: sum('sentChanges'),
    sentBytes: sum('sentBytes'),
    compacted: sum('compacted'),
  }
}

export type WatchRequest = Extract<Request, { kind: 'watch' }>

const WATCHERS_MAX = 65_536
const WINDOW_BYTES_MAX = 16 << 20
/** A batch ends with the change that takes it beyond this. */
const BATCH_BYTES_MAX = 256 << 10
/** What those that are behind may read in one turn, and one of them at a time. */
const TURN_ENTRIES_MAX = 16_384
const TURN_BYTES_MAX = 4 << 20
const SLICE_ENTRIES_MAX = 2_048
const SWEEP_INTERVAL_MS = 500
/** A watch that had nothing for so many sweeps is told that all is well. */
const PROGRESS_SWEEPS = 4
const LEADERLESS_MS_MAX = 1_000
const RETRY_AFTER_MS = 1_000
const NONE: readonly WireChange[] = []

/**
 * The watches of one group on one node. Once a turn, `advance` reads what was applied since the last one from the feed
 * and gives it to all that are caught up; those that are not read for themselves, a slice at a time.
 *
 * ```ts
 * const watcher = hub.open(outlet, id, request)
 * hub.allow(watcher, 2 << 20)
 * hub.advance()
 * ```
 */
export class WatchHub {
  readonly #parts: WatchHubParts
  readonly #ranges = new WatchedRanges()
  readonly #watchers = new Set<Watcher>()
  /** Those that are behind and may read on, in turn. */
  readonly #ready = new Set<Watcher>()
  readonly #ahead = new Set<Watcher>()
  /** Everything up to here was given to those that are caught up. */
  #index = logIndex(0)
  #caughtUp = 0
  #isSweeping = false
  #leaderlessSinceMs: number | undefined
  #isClosed = false
  #sentChanges = 0
  #sentBytes = 0
  #compacted = 0

  constructor(parts: WatchHubParts) {
    this.#parts = parts
  }

  get figures(): WatchFigures {
    return {
      watchers: this.#watchers.size,
      lagging: this.#watchers.size - this.#caughtUp - this.#ahead.size,
      sentChanges: this.#sentChanges,
      sentBytes: this.#sentBytes,
      compacted: this.#compacted,
    }
  }

  /** Another turn has work that this one did not come to. */
  get hasMore(): boolean {
    return this.#ready.size > 0
  }

  /** Undefined when it was refused; the outlet was told why. */
  open(outlet: WatchOutlet, id: number, request: WatchRequest): Watcher | undefined {
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      outlet.ended(id, refusal)
      return undefined
    }
    if (this.#watchers.size === 0) this.#index = this.#parts.appliedIndex()
    const range = this.#ranges.take(request.from, request.to)
    const windowBytes = Math.min(request.windowBytes, WINDOW_BYTES_MAX)
    const watcher = new Watcher(outlet, id, range, request.after, windowBytes)
    this.#watchers.add(watcher)
    this.#ready.add(watcher)
    if (!this.#isSweeping) this.#sweepLater()
    this.#parts.wake()
    return watcher
  }

  /** See `WatchParcel`. */
  allow(watcher: Watcher, allowedBytes: number): void {
    if (watcher.state === 'ended') return
    if (allowedBytes === 0) return this.end(watcher)
    if (allowedBytes <= watcher.allowedBytes) return
    watcher.allowedBytes = allowedBytes
    if (watcher.state !== 'blocked') return
    watcher.state = 'behind'
    this.#ready.add(watcher)
    this.#parts.wake()
  }

  /** Without a word: whoever watched is gone or wants no more. */
  end(watcher: Watcher): void {
    if (watcher.state === 'ended') return
    if (watcher.state === 'caught-up') this.#caughtUp--
    watcher.state = 'ended'
    watcher.range.caughtUp.delete(watcher)
    this.#watchers.delete(watcher)
    this.#ready.delete(watcher)
    this.#ahead.delete(watcher)
    this.#ranges.release(watcher.range)
  }

  /** Once a turn. */
  advance(): void {
    if (this.#watchers.size === 0) return
    const applied = this.#parts.appliedIndex()
    if (applied > this.#index) this.#distribute(applied)
    if (this.#ready.size > 0) this.#readOn()
  }

  close(): void {
    this.#isClosed = true
    const message = 'the node is closing: go on at another node'
    this.#endAll(errorResponse('closed', message, { retryable: true }))
  }

  #refusal({ from, to, after, windowBytes }: WatchRequest): ErrorResponse | undefined {
    if (this.#isClosed) return errorResponse('closed', 'the node is closed', { retryable: true })
    const boundBytesMax = limits.keyBytesMax + 1
    if (from.length > boundBytesMax || (to !== undefined && to.length > boundBytesMax))
      return errorResponse('invalid', `a bound of the watch has more than ${boundBytesMax} bytes`)
    if (windowBytes === 0) return errorResponse('invalid', 'the window of the watch is empty')
    if (after.history !== this.#parts.history) {
      const found = 'the cursor is of another history: of another cluster, or from before a restore'
      return errorResponse('compacted', `${found}; ${START_AGAIN}`)
    }
    if (after.index <= this.#parts.feed().compactedIndex) {
      this.#compacted++
      return this.#tooOld(after)
    }
    if (this.#watchers.size >= WATCHERS_MAX) {
      const message = `${WATCHERS_MAX} watches are open on this node: ask another node`
      return errorResponse('overloaded', message, { retryable: true, retryAfterMs: RETRY_AFTER_MS })
    }
    return undefined
  }

  #distribute(applied: LogIndex): void {
    const before = this.#index
    this.#index = applied
    for (const watcher of this.#ahead) {
      if (this.#isAhead(watcher)) continue
      this.#ahead.delete(watcher)
      watcher.state = 'behind'
      this.#ready.add(watcher)
    }
    if (this.#caughtUp === 0) return
    const feed = this.#parts.feed()
    if (feed.compactedIndex > before) {
      // A snapshot took this node further than its feed reaches back.
      const place = { index: logIndex(before + 1), ordinal: 0 }
      for (const watcher of this.#watchers) {
        if (watcher.state === 'caught-up') this.#endCompacted(watcher, place)
      }
      return
    }
    const upTo = { index: logIndex(applied + 1), ordinal: 0 }
    for (const range of this.#changedRanges(feed, before)) {
      const batches = cutIntoBatches(range.pending, upTo)
      range.pending = []
      for (const watcher of range.caughtUp) this.#give(watcher, batches, before)
    }
  }

  #changedRanges(feed: ChangeFeed, before: LogIndex): readonly WatchedRange[] {
    const changed: WatchedRange[] = []
    const found: WatchedRange[] = []
    for (const { changes } of feed.after(before)) {
      for (const change of changes) {
        found.length = 0
        this.#ranges.match(change.key, found)
        for (const range of found) {
          if (range.caughtUp.size === 0) continue
          if (range.pending.length === 0) changed.push(range)
          range.pending.push(change)
        }
      }
    }
    return changed
  }

  #give(watcher: Watcher, batches: readonly ChangeBatch[], before: LogIndex): void {
    let place: FeedPlace = { index: logIndex(before + 1), ordinal: 0 }
    for (const batch of batches) {
      if (!watcher.admits(batch.sizeBytes, batch.changes.length === 1)) {
        watcher.range.caughtUp.delete(watcher)
        this.#caughtUp--
        watcher.state = 'behind'
        watcher.index = place.index
        watcher.ordinal = place.ordinal
        this.#ready.add(watcher)
        return
      }
      this.#send(watcher, batch)
      // The receiver may have ended it.
      if (watcher.state !== 'caught-up') return
      place = batch.upTo
    }
  }

  /** Each reads a slice; whoever has not come to the end waits behind the others. */
  #readOn(): void {
    let entriesLeft = TURN_ENTRIES_MAX
    const bytesMax = this.#sentBytes + TURN_BYTES_MAX
    for (const watcher of this.#ready) {
      if (entriesLeft <= 0 || this.#sentBytes >= bytesMax) return
      this.#ready.delete(watcher)
      entriesLeft -= this.#readSlice(watcher)
    }
  }

  /** How many entries it looked at, one at least. */
  #readSlice(watcher: Watcher): number {
    const feed = this.#parts.feed()
    if (watcher.index <= feed.compactedIndex) {
      this.#endCompacted(watcher, watcher)
      return 1
    }
    if (this.#isAhead(watcher)) {
      mark('node/watch-ahead')
      watcher.state = 'ahead'
      this.#ahead.add(watcher)
      if (watcher.sequence === 0) this.#sendProgress(watcher)
      return 1
    }
    const { range, index: firstIndex, ordinal: firstOrdinal } = watcher
    const changes: WireChange[] = []
    let sizeBytes = 0
    let entries = 0
    let end: FeedPlace | undefined
    let isBlocked = false
    scan: for (const entry of feed.after(logIndex(firstIndex - 1))) {
      if (entry.index > this.#index) break
      if (entries++ >= SLICE_ENTRIES_MAX) {
        end = { index: entry.index, ordinal: 0 }
        break
      }
      for (const change of entry.changes) {
        if (entry.index === firstIndex && change.ordinal <= firstOrdinal) continue
        if (!range.includes(change.key)) continue
        const withThis = sizeBytes + changeSizeBytes(change)
        const isFirst = changes.length === 0
        const fits = watcher.admits(withThis, isFirst) && sizeBytes < BATCH_BYTES_MAX
        if (!fits) {
          // Behind others it may be too large, and alone it may not be.
          isBlocked = isFirst
          end = { index: entry.index, ordinal: change.ordinal - 1 }
          break scan
        }
        changes.push(change)
        sizeBytes = withThis
      }
    }
    this.#sliceRead(watcher, changes, end, isBlocked)
    return Math.max(1, entries)
  }

  /** `end` undefined: all there is. */
  #sliceRead(
    watcher: Watcher,
    changes: readonly WireChange[],
    end: FeedPlace | undefined,
    isBlocked: boolean,
  ): void {
    const upTo = end ?? { index: logIndex(this.#index + 1), ordinal: 0 }
    watcher.index = upTo.index
    watcher.ordinal = upTo.ordinal
    if (end === undefined) {
      watcher.state = 'caught-up'
      watcher.range.caughtUp.add(watcher)
      this.#caughtUp++
    } else if (isBlocked) {
      mark('node/watch-window-closed')
      watcher.state = 'blocked'
    } else {
      this.#ready.add(watcher)
    }
    if (changes.length > 0 || watcher.sequence === 0) this.#send(watcher, new ChangeBatch(changes, upTo))
  }

  #isAhead({ index, ordinal }: Watcher): boolean {
    return index > this.#index + 1 || (index === this.#index + 1 && ordinal > 0)
  }

  #send(watcher: Watcher, batch: ChangeBatch): void {
    watcher.quietSweeps = 0
    watcher.sentBytes += batch.sizeBytes
    this.#sentBytes += batch.sizeBytes
    this.#sentChanges += batch.changes.length
    watcher.outlet.changes(watcher.id, ++watcher.sequence, batch)
  }

  /** A place of its own is told as it is: whoever has a closed window must not pass over what waits. */
  #sendProgress(watcher: Watcher): void {
    this.#send(watcher, new ChangeBatch(NONE, { index: watcher.index, ordinal: watcher.ordinal }))
  }

  #sweepLater(): void {
    this.#isSweeping = true
    this.#parts.runtime.timer(SWEEP_INTERVAL_MS, () => {
      this.#isSweeping = false
      if (this.#isClosed) return
      this.#sweep()
      if (this.#watchers.size > 0 && !this.#isSweeping) this.#sweepLater()
    })
  }

  #sweep(): void {
    if (this.#isLeaderless()) {
      mark('node/watch-leaderless')
      const message = 'this node has not heard of a leader for a while: go on at another node'
      return this.#endAll(errorResponse('unavailable', message, { retryable: true }))
    }
    const { compactedIndex } = this.#parts.feed()
    const progress = new ChangeBatch(NONE, { index: logIndex(this.#index + 1), ordinal: 0 })
    let hasSent = false
    for (const watcher of this.#watchers) {
      if (watcher.state !== 'caught-up' && watcher.index <= compactedIndex) {
        this.#endCompacted(watcher, watcher)
      } else if (++watcher.quietSweeps >= PROGRESS_SWEEPS) {
        if (watcher.state === 'caught-up') this.#send(watcher, progress)
        else this.#sendProgress(watcher)
      } else {
        continue
      }
      hasSent = true
    }
    if (hasSent) this.#parts.wake()
  }

  #isLeaderless(): boolean {
    const { runtime, hasLeader } = this.#parts
    if (hasLeader()) {
      this.#leaderlessSinceMs = undefined
      return false
    }
    const nowMs = runtime.clock.monotonicMs()
    this.#leaderlessSinceMs ??= nowMs
    return nowMs - this.#leaderlessSinceMs >= LEADERLESS_MS_MAX
  }

  #endCompacted(watcher: Watcher, place: FeedPlace): void {
    this.#compacted++
    this.#endWith(watcher, this.#tooOld(place))
  }

  #tooOld({ index }: FeedPlace): ErrorResponse {
    mark('node/watch-compacted')
    const kept = this.#parts.feed().compactedIndex + 1
    const found = `asked for the changes from entry ${index} on, but they are kept from entry ${kept} on`
    return errorResponse('compacted', `${found}; ${START_AGAIN}`)
  }

  #endWith(watcher: Watcher, reason: ErrorResponse): void {
    this.end(watcher)
    watcher.outlet.ended(watcher.id, reason)
  }

  #endAll(reason: ErrorResponse): void {
    for (const watcher of this.#watchers) this.#endWith(watcher, reason)
    this.#parts.wake()
  }
}

const START_AGAIN = 'take a cursor, read the range, and watch from that cursor'

function cutIntoBatches(changes: readonly WireChange[], upTo: FeedPlace): readonly ChangeBatch[] {
  const batches: ChangeBatch[] = []
  let first = 0
  let sizeBytes = 0
  for (let i = 0; i < changes.length; i++) {
    sizeBytes += changeSizeBytes(changes[i]!)
    if (sizeBytes < BATCH_BYTES_MAX || i === changes.length - 1) continue
    const { version, ordinal } = changes[i]!
    batches.push(new ChangeBatch(changes.slice(first, i + 1), { index: logIndex(version), ordinal }))
    first = i + 1
    sizeBytes = 0
  }
  batches.push(new ChangeBatch(first === 0 ? changes : changes.slice(first), upTo))
  return batches
}
