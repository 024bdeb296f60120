import type { Disk, DiskFile } from '../../runtime/disk.ts'
import { segmentName } from './segment.ts'

export interface SpareSegment {
  readonly sequence: number
  readonly file: DiskFile
}

/** Written at a time: a sync of more would hold up the log's own for milliseconds. */
const PIECE_BYTES = 1 << 20

/**
 * Makes the file of a segment before it is needed: filled with zeros, its size and its name durable. A write into it
 * then changes no metadata, which makes its sync cheaper, and after a crash nothing but zeros lies behind the last one.
 */
export function prepareSegment(
  disk: Disk,
  directory: string,
  sequence: number,
  sizeBytes: number,
  done: (error: Error | undefined, spare: SpareSegment) => void,
): void {
  const failed = (error: Error): void => done(error, undefined as never)
  disk.open(`${directory}/${segmentName(sequence)}`, { create: true }, (openError, file) => {
    if (openError !== undefined) return failed(openError)
    const zeros = new Uint8Array(Math.min(PIECE_BYTES, sizeBytes))
    fill(0)

    function fill(at: number): void {
      if (at >= sizeBytes) return syncName()
      const piece = zeros.subarray(0, Math.min(zeros.length, sizeBytes - at))
      file.writeSynced(at, piece, (error) => (error === undefined ? fill(at + piece.length) : failed(error)))
    }

    function syncName(): void {
      disk.syncDirectory(directory, (error) =>
        error === undefined ? done(undefined, { sequence, file }) : failed(error),
      )
    }
  })
}
