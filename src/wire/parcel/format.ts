/**
 * A message: its format (one byte, 1), then parcels one after another to the end. A parcel begins with one of the
 * kinds below; each has one layout and no length of its own. A change of a layout is a new
 * format. The readers know the kinds of one sort by their first and last number.
 */
export const MESSAGE_FORMAT = 1

export const VOTE_REQUEST = 1
export const VOTE_RESPONSE = 2
export const APPEND_REQUEST = 3
export const APPEND_RESPONSE = 4
export const HEARTBEAT = 5
export const HEARTBEAT_RESPONSE = 6
export const SNAPSHOT_CHUNK = 7
export const SNAPSHOT_RESPONSE = 8
export const TIMEOUT_NOW = 9

export const REQUEST_COMMAND = 32
export const REQUEST_GET = 33
export const REQUEST_RANGE = 34
export const REQUEST_END_RANGE = 35
export const REQUEST_STATUS = 36
export const REQUEST_CURSOR = 37
export const REQUEST_WATCH = 38
export const REQUEST_MEMBER = 44
/** The last of the requests. */
export const REQUEST_LAST = REQUEST_MEMBER

export const WATCH = 48
export const CHANGES = 49

export const RESPONSE_COMMAND = 64
export const RESPONSE_VALUE = 65
export const RESPONSE_ABSENT = 66
export const RESPONSE_ROWS = 67
export const RESPONSE_DONE = 68
export const RESPONSE_JSON = 69
export const RESPONSE_ERROR = 70
export const RESPONSE_CURSOR = 71
