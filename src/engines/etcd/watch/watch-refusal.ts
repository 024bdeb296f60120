import { type Ended, grpc } from '../connection/grpc-status.ts'
import type { WatchResponse } from '../wire/watch-messages.ts'

const STATUSES = [
  ['invalid auth token', grpc.unauthenticated],
  ['revision of auth store is old', grpc.invalidArgument],
  ['user name is empty', grpc.invalidArgument],
  ['permission denied', grpc.permissionDenied],
] as const

/**
 * A watch that etcd will not give to this user, as a call would have ended: it comes as words in a message of the
 * stream, which goes on. Undefined of every other response.
 */
export function refusedBy({ canceled, cancelReason }: WatchResponse): Ended | undefined {
  if (!canceled) return undefined
  const found = STATUSES.find(([words]) => cancelReason.includes(words))
  if (found === undefined) return undefined
  const message = cancelReason.replace(/^rpc error: code = \w+ desc = /, '')
  return { status: found[1], message, body: new Uint8Array(0), neverLeft: false }
}
