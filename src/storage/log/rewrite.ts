import type { GroupId } from '../../foundation/ids.ts'
import type { Entry } from '../../protocols/raft/entry.ts'
import type { Disk, DiskFile } from '../../runtime/disk.ts'
import { BATCH_HEADER_BYTES, batchLength, readBatch } from './batch.ts'
import type { LiveRecords } from './live-records.ts'
import { decodeBatch, type RecordVisitor } from './record-decoder.ts'
import { alignToSector, SECTOR_BYTES, segmentName } from './segment.ts'

/** Read at a time: parsing more would hold the event loop. */
const PIECE_BYTES = 512 << 10

export type NeededEntries = Map<GroupId, Map<number, Entry>>

/**
 * Reads from an old segment the entries that are needed still, piece by piece so that nothing waits for it.
 * `done` gets them by group and index.
 */
export function readNeededEntries(
  disk: Disk,
  directory: string,
  segment: number,
  live: LiveRecords,
  done: (error: Error | undefined, needed: NeededEntries) => void,
): void {
  const path = `${directory}/${segmentName(segment)}`
  const collector = new Collector(live, segment)
  const failed = (error: Error): void => done(error, collector.needed)
  disk.open(path, { create: false }, (openError, file) => {
    if (openError !== undefined) return failed(openError)
    readPiece(file, SECTOR_BYTES, PIECE_BYTES)
  })

  function readPiece(file: DiskFile, at: number, length: number): void {
    file.read(at, length, (error, bytes) => {
      if (error !== undefined) return failed(error)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      let offset = 0
      for (
        let batch = readBatch(bytes, view, 0);
        batch !== undefined;
        batch = readBatch(bytes, view, offset)
      ) {
        if (batch.segment !== segment || batch.offsetBytes !== at + offset) break
        decodeBatch(batch.body, collector)
        offset = batch.endBytes
      }
      const claimed = batchLength(bytes, view, offset)
      const isCut = at + offset < file.sizeBytes && offset + BATCH_HEADER_BYTES > bytes.length
      const isLonger =
        claimed !== undefined && offset + claimed > bytes.length && at + offset + claimed <= file.sizeBytes
      if (isCut || isLonger)
        return readPiece(file, at + offset, Math.max(PIECE_BYTES, alignToSector(claimed ?? 0)))
      file.close((closeError) => closeError !== undefined && failed(closeError))
      done(undefined, collector.needed)
    })
  }
}

class Collector implements RecordVisitor {
  readonly needed: NeededEntries = new Map()
  readonly #live: LiveRecords
  readonly #segment: number

  constructor(live: LiveRecords, segment: number) {
    this.#live = live
    this.#segment = segment
  }

  entries(group: GroupId, entries: readonly Entry[]): void {
    const runs = this.#live.runsIn(group, this.#segment)
    for (const { first, last } of runs) {
      for (const entry of entries) {
        if (entry.index < first || entry.index > last) continue
        let kept = this.needed.get(group)
        if (kept === undefined) {
          kept = new Map()
          this.needed.set(group, kept)
        }
        // A later one in the same segment replaces it. The copy lets the piece go.
        kept.set(entry.index, { ...entry, data: entry.data.slice() })
      }
    }
  }

  rewritten(group: GroupId, entries: readonly Entry[]): void {
    this.entries(group, entries)
  }

  hardState(): void {}
  reset(): void {}
  compacted(): void {}
  restated(): void {}
  released(): void {}
}
