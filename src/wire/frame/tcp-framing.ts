import type { Framing } from '../../runtime/node/framing.ts'
import { HEADER_BYTES, PAYLOAD_BYTES_MAX, writeHeader } from './frame.ts'
import { StreamFrameDecoder } from './frame-decoder.ts'
import { decodeGreeting, encodeGreeting, GREETING_BYTES_MAX } from './greeting.ts'

/** The protocol versions that this build speaks. */
const PROTOCOL_VERSION_MIN = 1
const PROTOCOL_VERSION_MAX = 1

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
