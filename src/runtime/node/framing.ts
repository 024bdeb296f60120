import type { DureError } from '../../foundation/errors.ts'

/**
 * How messages become bytes of a TCP stream. The codec lives in `wire/frame`, which stands above this folder, so the
 * node network is given one.
 */
export interface Framing {
  /** Bytes before each payload. */
  readonly headerBytes: number
  /** The largest payload; a larger one is never sent and closes the connection it comes in on. */
  readonly payloadBytesMax: number
  /** The protocol versions this side speaks. */
  readonly versionMin: number
  readonly versionMax: number
  writeHeader(target: Uint8Array, offset: number, payload: Uint8Array): void
  /** A decoder for one connection. Until it is told otherwise it takes greetings only, which are small. */
  decoder(): FrameDecoder
  encodeGreeting(greeting: Greeting): Uint8Array
  /** An error for anything that is not a greeting. */
  decodeGreeting(payload: Uint8Array): Greeting | DureError
}

export interface FrameDecoder {
  /**
   * Takes the next bytes of the stream and hands over each whole payload. An error means that the stream makes no
   * sense any more: close the connection. Stops early when `onPayload` answers false.
   */
  push(chunk: Uint8Array, onPayload: (payload: Uint8Array) => boolean): DureError | undefined
  /** From now on payloads up to the maximum are taken. */
  acceptMessages(): void
}

/** The first frame each way: who I am, or why I will not talk to you. */
export type Greeting = Hello | Refusal

export interface Hello {
  readonly kind: 'hello'
  readonly versionMin: number
  readonly versionMax: number
  /** At most 64 bytes of UTF-8. A client sends '' for any cluster. */
  readonly clusterId: string
  /** 0 for a client. */
  readonly nodeId: number
  /** The node that the sender means to reach, 0 for whichever is there. */
  readonly expectedNodeId: number
}

export interface Refusal {
  readonly kind: 'refusal'
  readonly reason: 'wrong-cluster' | 'wrong-node' | 'version' | 'malformed' | 'removed'
  /** A sentence for a person. */
  readonly message: string
}
