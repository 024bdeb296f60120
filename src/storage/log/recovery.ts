import { assert } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import { mark } from '../../foundation/marks.ts'
import type { Disk, DiskFile } from '../../runtime/disk.ts'
import { REPLACE_NODE } from '../identity/replace-node.ts'
import { type Batch, batchLength, readBatch } from './batch.ts'
import { MalformedBatchError } from './record-decoder.ts'
import { Replay, type ReplayedGroup } from './replay.ts'
import {
  isZero,
  type LogOwner,
  readSegmentHeader,
  SECTOR_BYTES,
  type SegmentHeader,
  segmentName,
  segmentSequence,
} from './segment.ts'

/**
 * What recovery may find, and what it does.
 *
 * Two facts decide. One write is in flight at a time, so a batch that is followed by a later batch was synced: if it is
 * bad, the disk lost what it had promised. And a batch's sequence is one more than that of the batch before, over all
 * segments, so a batch that is gone without a trace is missed.
 *
 * | case | found | what it means | what is done |
 * | --- | --- | --- | --- |
 * | @A | no segment | a new log | the first segment is made |
 * | @B | valid batches, then zeros to the end of the last segment | stopped between two writes | goes on behind them |
 * | @C | in the last segment a bad batch that is not its first, nothing valid after it | torn: in flight at the crash, never acknowledged | cut: zeroed to the end, synced |
 * | @D | a bad batch, a valid later one in the same segment | was synced, is damaged | refused |
 * | @E | a bad batch at the end of a segment, the next one begins after it | was synced, is damaged | refused |
 * | @F | zeros or a jump in sequence where a batch belongs, a later one after it | a write was lost | refused |
 * | @G | a valid batch where another belongs, or at another offset than its own | a write went astray | refused |
 * | @H | bytes of an older batch behind the last one | left over from a torn write that was cut | not taken: its place or sequence is not the next one's; zeroed as @C |
 * | @I | last segment without a valid header, or without a valid first batch, no valid batch behind the first | rolling was torn | the segment is made anew: its first batch says where all groups stand, so that older ones may go |
 * | @J | a segment without a valid header, valid batches in it or a used segment after it | was synced, is damaged | refused |
 * | @K | a segment of the middle is missing | lost by the file system, or removed by hand | refused |
 * | @L | segments that were given up are still there, or some of them | crash while they were removed | removed |
 * | @M | a header with another cluster or node, or another sequence than its name | a foreign or renamed file | refused |
 * | @N | a newer format | written by a later version | refused |
 * | @O | an unused segment, whole or in part, at the end | prepared ahead of its use | made anew |
 * | @P | entries are missing though all batches are there | a fault of ours | refused |
 *
 * What was read may have been written, yet not synced, by a process that was killed: the last segment is synced before
 * anything is answered (@B, @C). Its name needs no sync: it was made durable before the first write into it.
 *
 * The last batch of all, lost without a trace after its sync, cannot be told from a clean end (@B).
 */
export interface RecoveredLog {
  readonly groups: readonly ReplayedGroup[]
  /** Sequences and sizes of the used segments, oldest first. */
  readonly segments: readonly { readonly sequence: number; readonly sizeBytes: number }[]
  /** The segment to go on in; undefined for a new log. */
  readonly active:
    | { readonly header: SegmentHeader; readonly file: DiskFile; readonly endBytes: number }
    | undefined
  readonly nextBatch: number
  readonly oldestNeeded: number
}

interface FoundSegment {
  readonly sequence: number
  readonly path: string
  readonly header: SegmentHeader | undefined
}

type Done = (error: Error | undefined, recovered: RecoveredLog | undefined) => void

export function recoverLog(disk: Disk, directory: string, owner: LogOwner, done: Done): void {
  new Recovery(disk, directory, owner, done).start()
}

class Recovery {
  readonly #disk: Disk
  readonly #directory: string
  readonly #owner: LogOwner
  readonly #done: Done
  readonly #replay = new Replay()
  readonly #found: FoundSegment[] = []
  readonly #sizes = new Map<number, number>()
  /** Removed at the end, when nothing was refused. */
  readonly #unused: string[] = []
  #nextBatch = 1
  /** The first segment of the unbroken sequence that was played. */
  #playedFrom = 1
  /** Where the batches of the last segment but one end. */
  #endBefore = SECTOR_BYTES

  constructor(disk: Disk, directory: string, owner: LogOwner, done: Done) {
    this.#disk = disk
    this.#directory = directory
    this.#owner = owner
    this.#done = done
  }

  start(): void {
    this.#disk.list(this.#directory, (error, names) => {
      if (error !== undefined) return this.#fail(error)
      const sequences = names.map(segmentSequence).filter((sequence) => sequence !== undefined)
      this.#readHeaders(
        sequences.sort((a, b) => a - b),
        0,
      )
    })
  }

  #readHeaders(sequences: readonly number[], at: number): void {
    const sequence = sequences[at]
    if (sequence === undefined) return this.#guard(() => this.#dropUnused())
    const path = `${this.#directory}/${segmentName(sequence)}`
    this.#read(path, SECTOR_BYTES, (bytes, file) => {
      const header = this.#checkHeader(path, sequence, bytes)
      this.#found.push({ sequence, path, header })
      this.#sizes.set(sequence, file.sizeBytes)
      this.#close(file, () => this.#readHeaders(sequences, at + 1))
    })
  }

  #checkHeader(path: string, sequence: number, bytes: Uint8Array): SegmentHeader | undefined {
    const parsed = readSegmentHeader(bytes)
    switch (parsed.kind) {
      case 'unused':
      case 'damaged':
        return undefined
      case 'newer': // @N
        throw new DureError(
          'data-directory',
          `${path} has log format ${parsed.format}, written by a newer version of Dure: start that version, or a later one`,
        )
      case 'valid': {
        const { header } = parsed
        const { clusterId, nodeId } = header.owner
        const { formerClusterIds = [] } = this.#owner
        const isOurs = clusterId === this.#owner.clusterId || formerClusterIds.includes(clusterId)
        if (!isOurs || nodeId !== this.#owner.nodeId) {
          // @M
          throw new DureError(
            'data-directory',
            `${path} belongs to node ${nodeId} of cluster ${clusterId}, but this is node ${this.#owner.nodeId} of cluster ${this.#owner.clusterId}: start it with its own data directory`,
          )
        }
        if (header.sequence !== sequence) {
          throw corrupt(path, 0, `segment ${sequence}`, `segment ${header.sequence} under its name`) // @M
        }
        return header
      }
    }
  }

  /** Segments at the end that have no header: prepared (@O), or torn while rolling (@I), or damaged (@J). */
  #dropUnused(): void {
    const last = this.#found.at(-1)
    if (last === undefined || last.header !== undefined) return this.#playFrom(0)
    this.#read(last.path, Number.MAX_SAFE_INTEGER, (bytes, file) => {
      const stray = findBatch(bytes, SECTOR_BYTES * 2, (batch) => isAt(batch, last.sequence, batch.place))
      if (stray !== undefined) {
        throw corrupt(
          last.path,
          0,
          'the header of the segment',
          `none, though batch ${stray.sequence} is at offset ${stray.place}`,
        )
      }
      this.#close(file, () => {
        this.#unused.push(last.path)
        this.#found.pop()
        this.#guard(() => this.#dropUnused())
      })
    })
  }

  #playFrom(at: number): void {
    const segment = this.#found[at]
    if (segment === undefined) return this.#finish(undefined)
    const { header, path, sequence } = segment
    if (header === undefined)
      throw corrupt(path, 0, 'the header of the segment', 'none, though a later segment is in use') // @J
    const before = this.#found[at - 1]
    if (before === undefined || before.sequence + 1 !== sequence) {
      // Either what came before was given up (@L) or it is lost (@K): the end of the log knows.
      this.#replay.restart()
      this.#playedFrom = sequence
      this.#nextBatch = header.firstBatch
    } else if (header.firstBatch !== this.#nextBatch) {
      throw corrupt(
        before.path,
        this.#sizes.get(before.sequence)!,
        `batch ${this.#nextBatch}`,
        `batch ${header.firstBatch} at the beginning of ${path}`,
      ) // @E, @F
    }
    this.#read(path, Number.MAX_SAFE_INTEGER, (bytes, file) => {
      const isLast = at === this.#found.length - 1
      const end = this.#playSegment(path, header, bytes)
      if (isLast && end === SECTOR_BYTES) return this.#dropTorn(header, bytes, file)
      if (isLast) return this.#cutTail(path, header, bytes, end, file)
      this.#checkEnd(path, header, bytes, end, this.#found[at + 1]!)
      this.#endBefore = end
      this.#close(file, () => this.#guard(() => this.#playFrom(at + 1)))
    })
  }

  /** Plays batches as long as they are the next ones; answers where they end. */
  #playSegment(path: string, header: SegmentHeader, bytes: Uint8Array): number {
    const view = viewOf(bytes)
    let at = SECTOR_BYTES
    for (;;) {
      const batch = readBatch(bytes, view, at)
      if (batch === undefined || batch.salt !== header.salt) return at
      if (!isAt(batch, header.sequence, at)) return at
      if (batch.sequence !== this.#nextBatch) {
        throw corrupt(path, at, `batch ${this.#nextBatch}`, `batch ${batch.sequence}`) // @F, @G
      }
      try {
        this.#replay.play(header.sequence, batch.body)
      } catch (error) {
        if (error instanceof MalformedBatchError)
          throw corrupt(path, at, `batch ${batch.sequence}`, error.message)
        throw error
      }
      this.#nextBatch++
      at = batch.endBytes
    }
  }

  /** Between two segments nothing may be missing; after the last valid batch nothing valid may follow. */
  #checkEnd(path: string, header: SegmentHeader, bytes: Uint8Array, end: number, next: FoundSegment): void {
    this.#refuseLaterBatch(path, header, bytes, end)
    const isGap = next.sequence !== header.sequence + 1
    if (isGap || next.header === undefined || next.header.firstBatch === this.#nextBatch) return
    throw corrupt(
      path,
      end,
      `batch ${this.#nextBatch}`,
      `${describe(bytes, end)}; ${next.path} begins with batch ${next.header.firstBatch}`,
    ) // @E, @F
  }

  #refuseLaterBatch(path: string, header: SegmentHeader, bytes: Uint8Array, end: number): void {
    const later = findBatch(
      bytes,
      end,
      (batch) => batch.salt === header.salt && batch.sequence >= this.#nextBatch,
    )
    if (later === undefined) return
    mark('storage/damage-refused')
    const where = isAt(later, header.sequence, later.place)
      ? `later batch ${later.sequence} is intact at offset ${later.place}`
      : `batch ${later.sequence} of segment ${later.segment}, offset ${later.offsetBytes}, is at offset ${later.place}`
    throw corrupt(path, end, `batch ${this.#nextBatch}`, `${describe(bytes, end)}; ${where}`) // @D, @F, @G
  }

  /** What follows the last valid batch of all was never acknowledged (@C, @H): it goes, so that it never comes back. */
  #cutTail(path: string, header: SegmentHeader, bytes: Uint8Array, end: number, file: DiskFile): void {
    this.#refuseLaterBatch(path, header, bytes, end)
    const done = (error: Error | undefined): void => {
      if (error !== undefined) return this.#fail(error)
      this.#guard(() => this.#finish({ header, file, endBytes: end }))
    }
    const garbageEnd = lastNonZero(bytes, end)
    if (garbageEnd === end) file.sync(done)
    else {
      mark('storage/torn-tail-cut')
      file.write(end, new Uint8Array(garbageEnd - end), (error) => {
        if (error !== undefined) return this.#fail(error)
        file.sync(done)
      })
    }
  }

  /** The last segment has its header and no first batch (@I): the log ends in the segment before. */
  #dropTorn(header: SegmentHeader, bytes: Uint8Array, file: DiskFile): void {
    const { path, sequence } = this.#found.pop()!
    this.#refuseLaterBatch(path, header, bytes, SECTOR_BYTES)
    const before = this.#found.at(-1)
    // Only a batch that was torn could have given it up.
    if (before?.sequence !== sequence - 1 && sequence > 1) throw this.#isMissing(sequence - 1, sequence - 1)
    this.#unused.push(path)
    this.#close(file, () => {
      if (before === undefined) return this.#guard(() => this.#finish(undefined))
      this.#read(before.path, Number.MAX_SAFE_INTEGER, (bytesBefore, fileBefore) =>
        this.#cutTail(before.path, before.header!, bytesBefore, this.#endBefore, fileBefore),
      )
    })
  }

  #isMissing(sequence: number, oldestNeeded: number): DureError {
    const path = `${this.#directory}/${segmentName(sequence)}`
    const last = this.#found.at(-1)?.sequence ?? sequence
    const message = `${path} is missing: the log needs every segment from ${oldestNeeded} to ${last}. ${ADVICE}`
    return new DureError('corrupt', message)
  }

  #finish(active: RecoveredLog['active']): void {
    const { oldestNeeded } = this.#replay
    const last = this.#found.at(-1)?.sequence ?? 0
    if (last > 0 && oldestNeeded < this.#playedFrom) {
      throw this.#isMissing(this.#playedFrom - 1, oldestNeeded) // @K
    }
    const { groups, missing } = this.#replay.finish()
    if (missing !== undefined)
      throw new DureError('corrupt', `the log in ${this.#directory} is not whole: ${missing}. ${ADVICE}`) // @P
    const segments = this.#found.map(({ sequence }) => ({ sequence, sizeBytes: this.#sizes.get(sequence)! }))
    const recovered = { groups, segments, active, nextBatch: this.#nextBatch, oldestNeeded }
    this.#removeUnused(() => this.#done(undefined, recovered))
  }

  #removeUnused(then: () => void): void {
    const path = this.#unused.pop()
    if (path === undefined) return then()
    this.#disk.remove(path, (error) => (error === undefined ? this.#removeUnused(then) : this.#fail(error)))
  }

  #read(path: string, lengthBytes: number, then: (bytes: Uint8Array, file: DiskFile) => void): void {
    this.#disk.open(path, { create: false }, (openError, file) => {
      if (openError !== undefined) return this.#fail(openError)
      file.read(0, Math.min(lengthBytes, file.sizeBytes), (error, bytes) => {
        if (error !== undefined) return this.#fail(error)
        this.#guard(() => then(bytes, file))
      })
    })
  }

  #close(file: DiskFile, then: () => void): void {
    file.close((error) => (error === undefined ? then() : this.#fail(error)))
  }

  /** Refusals are thrown where they are found. */
  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      this.#fail(error)
    }
  }

  #fail(error: Error): void {
    assert(error instanceof Error, 'a refusal says why')
    this.#done(error, undefined)
  }
}

const ADVICE = `Nothing was changed. Its peers hold the data: ${REPLACE_NODE}`

function corrupt(path: string, offset: number, expected: string, found: string): DureError {
  return new DureError(
    'corrupt',
    `${path} is damaged at offset ${offset}: expected ${expected}, found ${found}. ${ADVICE}`,
  )
}

function describe(bytes: Uint8Array, at: number): string {
  if (at >= bytes.length) return 'the end of the file'
  if (isZero(bytes.subarray(at, at + SECTOR_BYTES))) return 'zeros'
  return batchLength(bytes, viewOf(bytes), at) === undefined
    ? 'unknown bytes'
    : 'a batch that fails its checksum'
}

function findBatch<Found extends Batch & { readonly place: number }>(
  bytes: Uint8Array,
  from: number,
  matches: (batch: Batch & { readonly place: number }) => boolean,
): (Batch & { readonly place: number }) | undefined {
  const view = viewOf(bytes)
  for (let at = from; at + SECTOR_BYTES <= bytes.length; at += SECTOR_BYTES) {
    const batch = readBatch(bytes, view, at)
    if (batch === undefined) continue
    const placed = { ...batch, place: at } as Found
    if (matches(placed)) return placed
  }
  return undefined
}

const isAt = (batch: Batch, segment: number, offset: number): boolean =>
  batch.segment === segment && batch.offsetBytes === offset

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

/** Where the bytes after `from` end that are not zero; `from` when there are none. */
function lastNonZero(bytes: Uint8Array, from: number): number {
  let end = bytes.length
  while (end > from && bytes[end - 1] === 0) end--
  return end
}
