import type { ChangesResponse, ErrorResponse } from '../../../wire/parcel/parcel.ts'
import type { OpenWatch } from '../../client/transport.ts'
import type { WatchHub, WatchRequest } from './watch-hub.ts'

/** A watch of this very process: the same as one from afar, but for the bytes. */
export function openLocalWatch(
  hub: WatchHub,
  request: WatchRequest,
  received: (changes: ChangesResponse) => void,
  ended: (reason: ErrorResponse) => void,
): OpenWatch {
  const outlet = {
    changes: (_id: number, changes: ChangesResponse) => received(changes),
    ended: (_id: number, reason: ErrorResponse) => ended(reason),
  }
  const watcher = hub.open(outlet, 0, request)
  return {
    allow: (allowedBytes) => watcher && hub.allow(watcher, allowedBytes),
    end: () => watcher && hub.end(watcher),
  }
}
