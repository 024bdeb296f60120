import { type LogIndex, logIndex } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import { limits } from '../../../ports/key-value/limits.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { ChangeBatch, changeSizeBytes, comparePlaces } from '../../../wire/parcel/change-batch.ts'
import type { ErrorResponse, FeedPlace, Request, WireChange } from '../../../wire/parcel/parcel.ts'
import { errorResponse } from '../../client/error-response.ts'
import { countUpTo, cutIntoBatches } from './cut-into-batches.ts'
import { type ChangeFeed, type FeedChunk, FeedChunks } from './feed-chunks.ts'
import { beyondEnd, otherHistory, tooOld } from './place-errors.ts'
import { type WatchedRange, WatchedRanges } from './watched-ranges.ts'
import { Watcher, type WatchOutlet } from './watcher.ts'

export interface WatchHubParts {
  readonly runtime: Runtime
  readonly feed: () => ChangeFeed
  /** Of the cluster: see `ChangePlace`. */
  readonly history: number
  readonly appliedIndex: () => LogIndex
  readonly hasLeader: () => boolean
  /** Asks the leader where the log ends at the moment; undefined when nobody could say. */
  readonly findEnd: (found: (end: FeedPlace | undefined) => void) => void
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
/**
 * What those that are behind may cost in one turn, a few milliseconds: as many changes that are read, or watchers that are
 * moved over a chunk.
 */
const TURN_WORK_MAX = 1_024
const TURN_BYTES_MAX = 4 << 20
const WATCHER_WORK = 1
/** So many watchers can be looked at for the price of a change. */
const LOOKS_PER_WORK = 512
const SWEEP_INTERVAL_MS = 500
/** A watch that had nothing for so many sweeps is told that all is well. */
const PROGRESS_SWEEPS = 4
/** After so many sweeps ahead, the leader is asked whether there is such a place. */
const AHEAD_SWEEPS = 4
const LEADERLESS_MS_MAX = 1_000
const RETRY_AFTER_MS = 1_000
const NONE: readonly WireChange[] = []

/**
 * The watches of one group on one node. Once a turn, `advance` reads what was applied since the last one from the feed
 * and gives it to all that are caught up; those that are not read on in chunks of the feed, each of which is read once for
 * all that have come to it.
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
  readonly #chunks = new FeedChunks(this.#ranges)
  /** Their first word is due. */
  #opened: Watcher[] = []
  /** The next chunk is that of the hindmost, or else of who waits longest. */
  #isHindmostNext = true
  #isFindingEnd = false
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
    return this.#ready.size > 0 || this.#opened.length > 0
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
    this.#opened.push(watcher)
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
    if (this.#watchers.size === 0) this.#opened = []
  }

  /** Once a turn. */
  advance(): void {
    if (this.#watchers.size === 0) return
    const applied = this.#parts.appliedIndex()
    if (applied > this.#index) this.#distribute(applied)
    if (this.#opened.length > 0) this.#welcome()
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
    if (after.history !== this.#parts.history) return otherHistory()
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
      if (this.#compareToEnd(watcher) > 0) continue
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
    const upTo = this.#end
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

  /** The first word comes at once, however many are behind: whoever asked waits for it. */
  #welcome(): void {
    const opened = this.#opened
    this.#opened = []
    const atEnd = new ChangeBatch(NONE, this.#end)
    for (const watcher of opened) {
      if (watcher.state === 'ended') continue
      const mustRead = this.#mustRead(watcher)
      if (mustRead) this.#ready.add(watcher)
      if (watcher.state === 'caught-up') this.#send(watcher, atEnd)
      else if (mustRead || watcher.state === 'ahead') this.#sendProgress(watcher)
    }
  }

  /**
   * A chunk of the feed after the other, each for all that are in it. The hindmost comes first, since it is the first to
   * lose what it lacks, and the others find its chunks; every other time whoever waits longest, or those in front would
   * wait for all who come after them.
   */
  #readOn(): void {
    const bytesMax = this.#sentBytes + TURN_BYTES_MAX
    let workLeft = TURN_WORK_MAX
    while (this.#ready.size > 0 && workLeft > 0) {
      workLeft -= 1 + 2 * Math.ceil(this.#ready.size / LOOKS_PER_WORK)
      const next = this.#nextReady()
      if (!this.#mustRead(next)) {
        this.#ready.delete(next)
        continue
      }
      const readBefore = this.#chunks.readChanges
      const chunk = this.#chunks.at(this.#parts.feed(), next, this.#index)
      workLeft -= this.#chunks.readChanges - readBefore
      for (const watchers of this.#readyWithin(chunk)) {
        for (const watcher of watchers) {
          if (workLeft <= 0 || this.#sentBytes >= bytesMax) return
          if (!this.#ready.delete(watcher)) continue
          this.#readChunk(watcher, chunk)
          workLeft -= WATCHER_WORK
        }
      }
    }
  }

  #nextReady(): Watcher {
    const [longest] = this.#ready
    let next = longest!
    if (this.#isHindmostNext) {
      for (const watcher of this.#ready) if (comparePlaces(watcher, next) < 0) next = watcher
    }
    this.#isHindmostNext = !this.#isHindmostNext
    return next
  }

  /** By their range, so that what they share travels once. As many as a turn takes. */
  #readyWithin({ start, end }: FeedChunk): Iterable<readonly Watcher[]> {
    const byRange = new Map<WatchedRange, Watcher[]>()
    let left = TURN_WORK_MAX / WATCHER_WORK
    for (const watcher of this.#ready) {
      if (comparePlaces(watcher, start) < 0 || comparePlaces(watcher, end) >= 0) continue
      const watchers = byRange.get(watcher.range)
      if (watchers === undefined) byRange.set(watcher.range, [watcher])
      else watchers.push(watcher)
      if (--left <= 0) break
    }
    return byRange.values()
  }

  /** Whether the feed has something for it; else it is put where it belongs. */
  #mustRead(watcher: Watcher): boolean {
    if (watcher.index <= this.#parts.feed().compactedIndex) {
      this.#endCompacted(watcher, watcher)
      return false
    }
    const order = this.#compareToEnd(watcher)
    if (order > 0) {
      mark('node/watch-ahead')
      watcher.state = 'ahead'
      watcher.aheadSweeps = 0
      this.#ahead.add(watcher)
    } else if (order === 0) this.#joinOthers(watcher)
    return order < 0
  }

  #joinOthers(watcher: Watcher): void {
    watcher.state = 'caught-up'
    watcher.range.caughtUp.add(watcher)
    this.#caughtUp++
  }

  #readChunk(watcher: Watcher, chunk: FeedChunk): void {
    // It may have been dropped after the chunk was read.
    if (!this.#mustRead(watcher)) return
    const batch = this.#chunks.batchOf(chunk, watcher.range)
    const first = batch === undefined ? 0 : countUpTo(batch.changes, watcher)
    if (batch === undefined || first === batch.changes.length) return this.#move(watcher, chunk.end)
    if (first === 0 && watcher.admits(batch.sizeBytes, batch.changes.length === 1)) {
      this.#move(watcher, chunk.end)
      return this.#send(watcher, batch)
    }
    let sizeBytes = 0
    let last = first
    for (; last < batch.changes.length; last++) {
      const withThis = sizeBytes + changeSizeBytes(batch.changes[last]!)
      // Behind others it may be too large, and alone it may not be.
      if (!watcher.admits(withThis, last === first)) break
      sizeBytes = withThis
    }
    if (last === first) {
      mark('node/watch-window-closed')
      watcher.state = 'blocked'
      return
    }
    const next = batch.changes[last]
    const upTo = next === undefined ? chunk.end : { index: logIndex(next.version), ordinal: next.ordinal - 1 }
    this.#move(watcher, upTo)
    this.#send(watcher, new ChangeBatch(batch.changes.slice(first, last), upTo))
  }

  #move(watcher: Watcher, { index, ordinal }: FeedPlace): void {
    watcher.index = index
    watcher.ordinal = ordinal
    if (this.#compareToEnd(watcher) === 0) this.#joinOthers(watcher)
    else this.#ready.add(watcher)
  }

  /** After all that was applied. */
  get #end(): FeedPlace {
    return { index: logIndex(this.#index + 1), ordinal: 0 }
  }

  #compareToEnd({ index, ordinal }: FeedPlace): number {
    return index - (this.#index + 1) || ordinal
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
      if (this.#watchers.size === 0) this.#chunks.clear()
      else if (!this.#isSweeping) this.#sweepLater()
    })
  }

  #sweep(): void {
    if (this.#isLeaderless()) {
      mark('node/watch-leaderless')
      const message = 'this node has not heard of a leader for a while: go on at another node'
      return this.#endAll(errorResponse('unavailable', message, { retryable: true }))
    }
    const { compactedIndex } = this.#parts.feed()
    const progress = new ChangeBatch(NONE, this.#end)
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
    this.#chunks.dropUnused()
    if (this.#ahead.size > 0) this.#askForEnd()
    if (hasSent) this.#parts.wake()
  }

  /**
   * A node that is merely behind comes to a place that another node has told. A place that the leader has not come to is
   * of a past that is no more: directories were copied back, or machines set back.
   */
  #askForEnd(): void {
    // Only those that are here now: what comes later may be of an entry that is committed after the leader has looked.
    const asked: Watcher[] = []
    for (const watcher of this.#ahead) if (++watcher.aheadSweeps >= AHEAD_SWEEPS) asked.push(watcher)
    if (asked.length === 0 || this.#isFindingEnd) return
    this.#isFindingEnd = true
    this.#parts.findEnd((end) => {
      this.#isFindingEnd = false
      for (const watcher of asked) {
        if (watcher.state !== 'ahead') continue
        watcher.aheadSweeps = 0
        if (end === undefined || comparePlaces(watcher, end) <= 0) continue
        this.#compacted++
        this.#endWith(watcher, beyondEnd(watcher, end))
      }
      this.#parts.wake()
    })
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

  #tooOld(place: FeedPlace): ErrorResponse {
    mark('node/watch-compacted')
    return tooOld(place, this.#parts.feed().compactedIndex)
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
