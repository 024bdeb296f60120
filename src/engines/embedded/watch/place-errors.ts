import type { LogIndex } from '../../../foundation/ids.ts'
import type { ErrorResponse, FeedPlace } from '../../../wire/parcel/parcel.ts'
import { errorResponse } from '../../client/error-response.ts'

const START_AGAIN = 'take a cursor, read the range, and watch from that cursor'

export function otherHistory(): ErrorResponse {
  const found = 'the cursor is of another history: of another cluster, or from before a restore'
  return errorResponse('compacted', `${found}; ${START_AGAIN}`)
}

export function tooOld({ index }: FeedPlace, compactedIndex: LogIndex): ErrorResponse {
  const found = `asked for the changes from entry ${index} on, but they are kept from entry ${compactedIndex + 1} on`
  return errorResponse('compacted', `${found}; ${START_AGAIN}`)
}

/** `end`: after all that the leader has applied. */
export function beyondEnd({ index }: FeedPlace, end: FeedPlace): ErrorResponse {
  const found = `asked for the changes from entry ${index} on, but the cluster has come to entry ${end.index - 1} only`
  const why = 'the cursor is of a past that was lost: data were copied back, or a machine was set back'
  return errorResponse('compacted', `${found}; ${why}; ${START_AGAIN}`)
}
