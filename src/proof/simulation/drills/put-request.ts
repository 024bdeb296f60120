import { utf8 } from '../../../foundation/bytes.ts'
import { sessionId } from '../../../foundation/ids.ts'
import { encodeCommand } from '../../../wire/command/codec.ts'
import type { Request } from '../../../wire/parcel/parcel.ts'

/** A write of one key, outside of any session: for a drill that asks a node itself. */
export function putRequest(key: string, value: Uint8Array): Request {
  const command = encodeCommand({
    kind: 'commit',
    logTimeMs: 0,
    session: sessionId(0),
    sequence: 0,
    lowWater: 0,
    idempotencyKey: '',
    comparisons: [],
    operations: [{ kind: 'put', key: utf8(key), value }],
  })
  return { kind: 'command', command }
}
