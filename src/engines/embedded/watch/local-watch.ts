import type { ChangeBatch } from '../../../wire/parcel/change-batch.ts'
import type { ErrorResponse } from '../../../wire/parcel/parcel.ts'
import type { OpenWatch, WatchReceiver } from '../../client/transport.ts'
import type { WatchHub, WatchRequest } from './watch-hub.ts'

/** A watch of this very process: the same as one from afar, but for the bytes. */
export function openLocalWatch(
  hub: WatchHub,
  request: WatchRequest,
  received: WatchReceiver,
  ended: (reason: ErrorResponse) => void,
): OpenWatch {
  const outlet = {
    changes: (_id: number, sequence: number, batch: ChangeBatch) => received(sequence, batch),
    ended: (_id: number, reason: ErrorResponse) => ended(reason),
  }
  const watcher = hub.open(outlet, 0, request)
  return {
    allow: (allowedBytes) => watcher && hub.allow(watcher, allowedBytes),
    end: () => watcher && hub.end(watcher),
  }
}
