import type { Framing } from '../../runtime/node/framing.ts'
import { HEADER_BYTES, PAYLOAD_BYTES_MAX, writeHeader } from './frame.ts'
import { StreamFrameDecoder } from './frame-decoder.ts'
import { decodeGreeting, encodeGreeting, GREETING_BYTES_MAX } from './greeting.ts'

/**
 * The protocol versions that this build speaks; sides that share none refuse each other by name.
 *
 * | version | what came with it |
 * | --- | --- |
 * | 1 | sessions, commits, snapshots |
 * | 2 | leases, times to live, watches, members |
 *
 * A new kind of command, operation or entry needs a new version, and `PROTOCOL_VERSION_MIN` with it for as long as nodes
 * do not agree on when to use it: what one node applies and another does not know makes two different tables.
 */
const PROTOCOL_VERSION_MIN = 2
const PROTOCOL_VERSION_MAX = 2

/**
 * How Dure's messages travel over TCP; given to the network of the Node runtime.
 *
 * ```ts
 * await createNodeRuntime({ directory, network: { framing: tcpFraming, clusterId: 'demo', nodeId: 1 } })
 * ```
 */
export const tcpFraming: Framing = {
  headerBytes: HEADER_BYTES,
  payloadBytesMax: PAYLOAD_BYTES_MAX,
  versionMin: PROTOCOL_VERSION_MIN,
  versionMax: PROTOCOL_VERSION_MAX,
  writeHeader,
  decoder: () => new StreamFrameDecoder(GREETING_BYTES_MAX, PAYLOAD_BYTES_MAX),
  encodeGreeting,
  decodeGreeting,
}
