import { logIndex } from '../../../foundation/ids.ts'
import { ChangeBatch, changeSizeBytes, comparePlaces } from '../../../wire/parcel/change-batch.ts'
import type { FeedPlace, WireChange } from '../../../wire/parcel/parcel.ts'
import { BATCH_BYTES_MAX } from './feed-chunks.ts'

/** The changes of one range, all there are up to `upTo`, as batches that fit into a message. */
export function cutIntoBatches(changes: readonly WireChange[], upTo: FeedPlace): readonly ChangeBatch[] {
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

/** How many of the changes lie up to a place. */
export function countUpTo(changes: readonly WireChange[], place: FeedPlace): number {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >> 1
    const { version, ordinal } = changes[middle]!
    if (comparePlaces({ index: logIndex(version), ordinal }, place) <= 0) low = middle + 1
    else high = middle
  }
  return low
}
