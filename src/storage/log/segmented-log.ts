import { assert } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import type { GroupId } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { Entry } from '../../protocols/raft/entry.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Disk, DiskFile } from '../../runtime/disk.ts'
import type { Random } from '../../runtime/random.ts'
import { BATCH_HEADER_BYTES, writeBatchHeader } from './batch.ts'
import { BatchBuffer, BODY_AT } from './batch-buffer.ts'
import { LiveRecords } from './live-records.ts'
import type { Log, LogRecord } from './log.ts'
import { encodeRecord, encodeReleased, encodeRestated, encodeRewritten } from './record-encoder.ts'
import type { RecoveredLog } from './recovery.ts'
import { type NeededEntries, readNeededEntries } from './rewrite.ts'
import { type LogOwner, SECTOR_BYTES, segmentName, writeSegmentHeader } from './segment.ts'
import { prepareSegment, type SpareSegment } from './spare-segment.ts'

export interface SegmentedLogOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly abort: (reason: Error) => void
  /** `Runtime.soon`: what a burst of messages asks for shares one write. */
  readonly soon: (run: () => void) => void
  readonly directory: string
  readonly owner: LogOwner
  readonly segmentBytes: number
}

interface ActiveSegment {
  readonly sequence: number
  readonly file: DiskFile
  readonly salt: number
  endBytes: number
}

/** Memory that a batch buffer keeps between batches. */
const BUFFER_BYTES_MAX = 4 << 20
/** Entries of an old segment that are written again with one batch: little, so that no batch waits for it. */
const REWRITE_BYTES_MAX = 256 << 10
/** The log may be as large as twice what is needed and so many segments more; then old segments are written again. */
const SLACK_SEGMENTS = 4

/** See `Log` and DESIGN.md. Appends gather in one buffer while the other is written; one write is in flight at a time. */
export class SegmentedLog implements Log {
  readonly #options: SegmentedLogOptions
  readonly #live = new LiveRecords()
  /** Sizes of used segments, oldest first. */
  readonly #segments = new Map<number, number>()
  #active: ActiveSegment | undefined
  #nextSegment: number
  #nextBatch: number
  /** Segments before this one are given up, says a batch that was written, or is being written … */
  #statedOldest: number
  /** … and says the disk. */
  #releasedBefore: number

  #gathering = new BatchBuffer()
  #writing = new BatchBuffer()
  #gatheringDone: (() => void)[] = []
  #gatheringSinceMs: number | undefined
  #writingSinceMs: number | undefined
  #isWriting = false
  #isScheduled = false

  #spare: SpareSegment | undefined
  #isPreparing = false
  #isRewriting = false
  #isRemoving = false
  #failed = false
  #closed: (() => void) | undefined

  constructor(options: SegmentedLogOptions, recovered: RecoveredLog, spare: SpareSegment | undefined) {
    this.#options = options
    for (const { sequence, sizeBytes } of recovered.segments) this.#segments.set(sequence, sizeBytes)
    for (const group of recovered.groups) this.#live.restore(group, (index) => group.segmentOf(index))
    const { active } = recovered
    if (active !== undefined) {
      const { sequence, salt } = active.header
      this.#active = { sequence, salt, file: active.file, endBytes: active.endBytes }
    }
    this.#nextSegment = (active?.header.sequence ?? 0) + 1
    this.#nextBatch = recovered.nextBatch
    this.#statedOldest = recovered.oldestNeeded
    this.#releasedBefore = recovered.oldestNeeded
    this.#spare = spare
    this.#prepare()
    this.#removeReleased()
  }

  get sizeBytes(): number {
    let size = this.#spare?.file.sizeBytes ?? 0
    for (const bytes of this.#segments.values()) size += bytes
    return size
  }

  get waitingSinceMs(): number | undefined {
    return this.#writingSinceMs ?? this.#gatheringSinceMs
  }

  append(record: LogRecord, done: () => void): void {
    assert(this.#closed === undefined, 'nothing is appended to a log that was closed')
    this.#live.append(record)
    encodeRecord(this.#gathering, record)
    this.#gathered(done)
  }

  /** Writes the first segment of a new log: from then on a log is known to be there. */
  begin(done: () => void): void {
    this.#gathered(done)
  }

  close(done: () => void): void {
    assert(this.#closed === undefined, 'a log is closed once')
    this.#closed = done
    this.#finishClose()
  }

  #gathered(done: () => void): void {
    this.#gatheringDone.push(done)
    this.#gatheringSinceMs ??= this.#options.clock.monotonicMs()
    if (this.#isWriting || this.#isScheduled) return
    this.#isScheduled = true
    this.#options.soon(() => {
      this.#isScheduled = false
      this.#write()
    })
  }

  #write(): void {
    if (this.#isWriting || this.#failed || this.#gatheringDone.length === 0) return
    const batch = this.#gathering
    const isRoll = !this.#fits(batch.bodyBytes)
    if (isRoll && this.#spare === undefined) return this.#prepare()
    if (isRoll) this.#roll(batch)
    const active = this.#active!
    this.#live.place(active.sequence)
    this.#stateReleased(batch)

    const { salt, sequence, endBytes } = active
    const end = batch.pad()
    const header = { salt, segment: sequence, sequence: this.#nextBatch, offsetBytes: endBytes }
    const headerAt = BODY_AT - BATCH_HEADER_BYTES
    writeBatchHeader(batch.bytes, batch.view, headerAt, batch.bodyBytes, header)
    if (isRoll) {
      const { owner } = this.#options
      writeSegmentHeader(batch.bytes, batch.view, { owner, salt, sequence, firstBatch: this.#nextBatch })
    }
    const from = isRoll ? 0 : headerAt
    const offset = endBytes - (headerAt - from)

    const done = this.#gatheringDone
    const releasedBefore = this.#statedOldest
    this.#nextBatch++
    active.endBytes = offset + (end - from)
    this.#gathering = this.#writing
    this.#writing = batch
    this.#gatheringDone = []
    this.#writingSinceMs = this.#gatheringSinceMs
    this.#gatheringSinceMs = undefined
    this.#isWriting = true
    active.file.writeSynced(offset, batch.bytes.subarray(from, end), (error) => {
      if (error !== undefined) return this.#abort(`cannot write to the log, ${active.file.path}`, error)
      batch.clear(BUFFER_BYTES_MAX)
      this.#segments.set(active.sequence, active.file.sizeBytes)
      this.#releasedBefore = releasedBefore
      this.#isWriting = false
      this.#writingSinceMs = undefined
      this.#write()
      for (let i = 0; i < done.length; i++) done[i]!()
      this.#removeReleased()
      this.#rewriteOldest()
      this.#finishClose()
    })
  }

  /** A batch larger than a segment goes alone into one, beyond its prepared end. */
  #fits(bodyBytes: number): boolean {
    if (this.#active === undefined) return false
    const capacity = Math.max(this.#active.file.sizeBytes, this.#options.segmentBytes)
    return this.#active.endBytes + BATCH_HEADER_BYTES + bodyBytes + RELEASED_BYTES_MAX <= capacity
  }

  /** Goes on in the next segment, whose first batch says where every group stands: no older segment is needed for it. */
  #roll(batch: BatchBuffer): void {
    const { sequence, file } = this.#spare!
    this.#spare = undefined
    this.#active?.file.close((error) => {
      if (error !== undefined) this.#abort('cannot close a segment of the log', error)
    })
    const salt = this.#options.random.integer(1, 0xffff_ffff)
    this.#active = { sequence, file, salt, endBytes: SECTOR_BYTES }
    this.#segments.set(sequence, file.sizeBytes)
    this.#nextSegment = sequence + 1
    for (const records of this.#live.groups.values()) {
      encodeRestated(batch, records.group, records.hardState, records.base, records.last)
    }
    encodeReleased(batch, this.#statedOldest)
    this.#prepare()
  }

  /** Says durably that segments are given up; only then are they removed, so that recovery can tell a lost one. */
  #stateReleased(batch: BatchBuffer): void {
    const oldest = this.#oldestNeeded()
    if (oldest === this.#statedOldest) return
    this.#statedOldest = oldest
    encodeReleased(batch, oldest)
  }

  #oldestNeeded(): number {
    for (const sequence of this.#segments.keys()) {
      if (sequence === this.#active!.sequence || this.#live.isNeeded(sequence)) return sequence
    }
    return this.#active!.sequence
  }

  #removeReleased(): void {
    if (this.#isRemoving || this.#failed) return
    const oldest = this.#segments.keys().next().value
    if (oldest === undefined || oldest >= this.#releasedBefore) return
    this.#isRemoving = true
    const { disk, directory } = this.#options
    disk.remove(`${directory}/${segmentName(oldest)}`, (error) => {
      this.#isRemoving = false
      if (error !== undefined) return this.#abort('cannot remove a segment of the log', error)
      this.#segments.delete(oldest)
      this.#removeReleased()
      this.#finishClose()
    })
  }

  #prepare(): void {
    if (this.#spare !== undefined || this.#isPreparing || this.#failed) return
    this.#isPreparing = true
    const { disk, directory, segmentBytes } = this.#options
    prepareSegment(disk, directory, this.#nextSegment, segmentBytes, (error, spare) => {
      this.#isPreparing = false
      if (error !== undefined) return this.#abort('cannot prepare a segment of the log', error)
      this.#spare = spare
      this.#write()
      this.#finishClose()
    })
  }

  /** Old segments that little keeps are written again at the end, or one idle group would keep all that came after it. */
  #rewriteOldest(): void {
    if (this.#isRewriting || this.#failed || this.#closed !== undefined) return
    const bound = 2 * this.#live.liveBytes + SLACK_SEGMENTS * this.#options.segmentBytes
    const oldest = this.#oldestNeeded()
    if (this.sizeBytes <= bound || oldest === this.#active!.sequence) return
    if (!this.#live.isNeeded(oldest)) return
    this.#isRewriting = true
    mark('storage/segment-rewritten')
    const { disk, directory } = this.#options
    readNeededEntries(disk, directory, oldest, this.#live, (error, needed) => {
      if (error !== undefined) return this.#abort('cannot read a segment of the log', error)
      this.#rewriteSlice(oldest, needed)
    })
  }

  #rewriteSlice(segment: number, needed: NeededEntries): void {
    if (this.#closed !== undefined || this.#failed) {
      this.#isRewriting = false
      return this.#finishClose()
    }
    let bytes = 0
    for (const [group, read] of needed) {
      for (const { first, last } of this.#live.runsIn(group, segment)) {
        // What was read may have been replaced or compacted meanwhile: the runs say what is needed now.
        const entries = takeEntries(read, first, last, REWRITE_BYTES_MAX - bytes)
        if (entries === undefined) return this.#missing(segment, group)
        if (entries.length === 0) break
        this.#live.move(group, segment, entries)
        encodeRewritten(this.#gathering, group, entries)
        for (const { data } of entries) bytes += data.length + 1
      }
    }
    if (bytes > 0) return this.#gathered(() => this.#rewriteSlice(segment, needed))
    if (this.#live.isNeeded(segment)) return this.#missing(segment, undefined)
    this.#isRewriting = false
    this.#rewriteOldest()
  }

  #missing(segment: number, group: GroupId | undefined): void {
    const what = group === undefined ? 'a group' : `group ${group}`
    this.#abort(
      'cannot rewrite a segment of the log',
      new Error(`segment ${segment} does not hold the entries of ${what} that it should`),
    )
  }

  #finishClose(): void {
    const busy = this.#isWriting || this.#isPreparing || this.#isRemoving || this.#isRewriting
    if (this.#closed === undefined || busy || this.#gatheringDone.length > 0 || this.#failed) return
    const done = this.#closed
    const files = [this.#active?.file, this.#spare?.file].filter((file) => file !== undefined)
    this.#active = undefined
    this.#spare = undefined
    this.#failed = true
    let open = files.length
    for (const file of files) file.close(() => --open === 0 && done())
    if (open === 0) done()
  }

  /** Final: what reached the disk can no longer be told. */
  #abort(what: string, cause: Error): void {
    if (this.#failed) return
    this.#failed = true
    this.#options.abort(
      new DureError('disk', `${what}: ${cause.message}. This node stops; nothing it acknowledged is lost`, {
        outcome: 'unknown',
        cause,
      }),
    )
  }
}

const RELEASED_BYTES_MAX = 16

/** Entries [first, last], as many as fit; undefined when one that is needed was not read. */
function takeEntries(
  read: ReadonlyMap<number, Entry>,
  first: number,
  last: number,
  bytesMax: number,
): readonly Entry[] | undefined {
  const entries: Entry[] = []
  let bytes = 0
  for (let index = first; index <= last && bytes < bytesMax; index++) {
    const entry = read.get(index)
    if (entry === undefined) return undefined
    entries.push(entry)
    // One of no data counts too, or there would be no end.
    bytes += entry.data.length + 1
  }
  return entries
}
