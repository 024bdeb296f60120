import { DureError } from '../../foundation/errors.ts'
import type { Log, RecoveredGroup } from './log.ts'
import { recoverLog } from './recovery.ts'
import { alignToSector, SECTOR_BYTES } from './segment.ts'
import { SegmentedLog, type SegmentedLogOptions } from './segmented-log.ts'
import { prepareSegment } from './spare-segment.ts'

export interface OpenedLog {
  readonly log: Log
  /** Every group that was ever written, with all entries after its base. */
  readonly groups: readonly RecoveredGroup[]
}

const SEGMENT_BYTES_MIN = 8 * SECTOR_BYTES

/**
 * Opens the log of a node, or makes a new one.
 *
 * ```ts
 * openLog({ disk, clock, random, abort, soon, directory: 'log', owner, segmentBytes }, (error, opened) => {
 *   if (opened === undefined) return refuse(error)
 *   opened.log.append({ group, hardState, entries }, () => acknowledge())
 * })
 * ```
 *
 * Refuses with `corrupt` when something that was synced is damaged or missing, with `data-directory` when it belongs to
 * somebody else or to a newer version, with `disk` when the disk does. Nothing is repaired but a torn tail.
 */
export function openLog(
  options: SegmentedLogOptions,
  done: (error: Error | undefined, opened: OpenedLog | undefined) => void,
): void {
  const { disk, directory, owner } = options
  const segmentBytes = Math.max(SEGMENT_BYTES_MIN, alignToSector(options.segmentBytes))
  const failed = (error: Error): void => done(asDureError(directory, error), undefined)
  disk.makeDirectory(directory, (makeError) => {
    if (makeError !== undefined) return failed(makeError)
    disk.syncDirectory('.', (syncError) => {
      if (syncError !== undefined) return failed(syncError)
      recoverLog(disk, directory, owner, (error, recovered) => {
        if (recovered === undefined) return failed(error!)
        if (recovered.active !== undefined) {
          const log = new SegmentedLog({ ...options, segmentBytes }, recovered, undefined)
          return done(undefined, { log, groups: recovered.groups })
        }
        prepareSegment(disk, directory, 1, segmentBytes, (prepareError, spare) => {
          if (prepareError !== undefined) return failed(prepareError)
          const log = new SegmentedLog({ ...options, segmentBytes }, recovered, spare)
          log.begin(() => done(undefined, { log, groups: [] }))
        })
      })
    })
  })
}

function asDureError(directory: string, error: Error): DureError {
  if (error instanceof DureError) return error
  return new DureError('disk', `cannot open the log in ${directory}: ${error.message}`, { cause: error })
}
