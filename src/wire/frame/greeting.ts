import { text, utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type { Greeting, Hello, Refusal } from '../../runtime/node/framing.ts'

/** Never changes: by it a side of any version knows that it speaks to Dure. */
const MAGIC = utf8('DURE')
const KIND_HELLO = 1
const KIND_REFUSAL = 2
const REFUSAL_REASONS = ['wrong-cluster', 'wrong-node', 'version', 'malformed', 'removed'] as const

export const CLUSTER_ID_BYTES_MAX = 64
const REFUSAL_MESSAGE_BYTES_MAX = 512
/** The largest greeting: an unknown side cannot make us hold more. */
export const GREETING_BYTES_MAX = 1024

/**
 * ```
 * hello    'DURE' 1 versionMin:u16 versionMax:u16 nodeId:u16 expectedNodeId:u16 length:u8 clusterId
 * refusal  'DURE' 2 reason:u8 length:u16 message
 * ```
 *
 * Later versions append; a reader ignores what it does not know, so that both can still agree on a version.
 */
export function encodeGreeting(greeting: Greeting): Uint8Array {
  switch (greeting.kind) {
    case 'hello':
      return encodeHello(greeting)
    case 'refusal':
      return encodeRefusal(greeting)
  }
}

function encodeHello(hello: Hello): Uint8Array {
  const cluster = utf8(hello.clusterId)
  if (cluster.length > CLUSTER_ID_BYTES_MAX) {
    throw new DureError(
      'invalid',
      `the cluster id ${JSON.stringify(hello.clusterId)} has ${cluster.length} bytes, at most ${CLUSTER_ID_BYTES_MAX} are allowed; choose a shorter one`,
    )
  }
  const bytes = new Uint8Array(14 + cluster.length)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  bytes[4] = KIND_HELLO
  view.setUint16(5, hello.versionMin, true)
  view.setUint16(7, hello.versionMax, true)
  view.setUint16(9, hello.nodeId, true)
  view.setUint16(11, hello.expectedNodeId, true)
  bytes[13] = cluster.length
  bytes.set(cluster, 14)
  return bytes
}

function encodeRefusal(refusal: Refusal): Uint8Array {
  const message = utf8(refusal.message).subarray(0, REFUSAL_MESSAGE_BYTES_MAX)
  const bytes = new Uint8Array(8 + message.length)
  bytes.set(MAGIC)
  bytes[4] = KIND_REFUSAL
  bytes[5] = REFUSAL_REASONS.indexOf(refusal.reason)
  new DataView(bytes.buffer).setUint16(6, message.length, true)
  bytes.set(message, 8)
  return bytes
}

/** A greeting, or what is wrong with it. Never throws, whatever the bytes. */
export function decodeGreeting(payload: Uint8Array): Greeting | DureError {
  if (payload.length < 5 || MAGIC.some((byte, i) => payload[i] !== byte)) {
    return new DureError(
      'protocol',
      'the connection did not begin with a Dure greeting; is this the port of peers and clients?',
    )
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  switch (payload[4]) {
    case KIND_HELLO:
      return decodeHello(payload, view)
    case KIND_REFUSAL:
      return decodeRefusal(payload, view)
    default:
      return malformed(`its kind is ${payload[4]}`)
  }
}

function decodeHello(payload: Uint8Array, view: DataView): Hello | DureError {
  if (payload.length < 14) return malformed(`it ends after ${payload.length} bytes`)
  const clusterBytes = payload[13]!
  if (clusterBytes > CLUSTER_ID_BYTES_MAX) return malformed(`its cluster id has ${clusterBytes} bytes`)
  if (payload.length < 14 + clusterBytes) return malformed(`it ends after ${payload.length} bytes`)
  const hello: Hello = {
    kind: 'hello',
    versionMin: view.getUint16(5, true),
    versionMax: view.getUint16(7, true),
    nodeId: view.getUint16(9, true),
    expectedNodeId: view.getUint16(11, true),
    clusterId: text(payload.subarray(14, 14 + clusterBytes)),
  }
  if (hello.versionMin > hello.versionMax) return malformed('its versions end before they begin')
  return hello
}

function decodeRefusal(payload: Uint8Array, view: DataView): Refusal | DureError {
  if (payload.length < 8) return malformed(`it ends after ${payload.length} bytes`)
  const length = view.getUint16(6, true)
  if (payload.length < 8 + length) return malformed(`it ends after ${payload.length} bytes`)
  // A reason that a newer version added is still a refusal.
  const reason = REFUSAL_REASONS[payload[5]!] ?? 'malformed'
  return { kind: 'refusal', reason, message: text(payload.subarray(8, 8 + length)) }
}

function malformed(found: string): DureError {
  return new DureError('protocol', `the greeting of the connection is malformed: ${found}`)
}
