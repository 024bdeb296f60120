/**
 * The few messages of etcd's v3 API that the benchmark needs, in the protobuf encoding: each field is a tag
 * (number × 8 + wire type) and a value. Field numbers are those of etcd's `rpc.proto` and `kv.proto`.
 */
const VARINT = 0
const FIXED_64 = 1
const BYTES = 2
const FIXED_32 = 5

/** Every gRPC message is preceded by a compression flag and its length. */
const PREFIX_BYTES = 5

/** `PutRequest { key = 1, value = 2 }` as one gRPC message. */
export function encodePut(key: Uint8Array, value: Uint8Array): Buffer {
  const message = grpcMessage(bytesFieldSize(key) + bytesFieldSize(value))
  writeBytesField(message, writeBytesField(message, PREFIX_BYTES, 1, key), 2, value)
  return message
}

/**
 * `RangeRequest { key = 1 }` of one key as one gRPC message. `serializable` (7) is left out, so it is false: the read is
 * linearizable.
 */
export function encodeRange(key: Uint8Array): Buffer {
  const message = grpcMessage(bytesFieldSize(key))
  writeBytesField(message, PREFIX_BYTES, 1, key)
  return message
}

/** `StatusRequest {}` as one gRPC message. */
export const encodeStatus = (): Buffer => grpcMessage(0)

/** Whether a `RangeResponse { header = 1, kvs = 2, more = 3, count = 4 }` holds a key with a value. */
export function decodeRangeExists(message: Uint8Array): boolean {
  const pair = new FieldReader(message).find(2, BYTES)
  if (pair === undefined) return false
  // KeyValue { key = 1, …, value = 5 }
  return new FieldReader(pair).find(5, BYTES) !== undefined
}

/** The revision in the `ResponseHeader` of a `PutResponse`: proof that it is an answer to a write. */
export function decodePutRevision(message: Uint8Array): number {
  const header = new FieldReader(message).find(1, BYTES)
  const revision = header === undefined ? undefined : new FieldReader(header).findVarint(3)
  if (revision === undefined) throw new Error('a PutResponse without a revision')
  return Number(revision)
}

export interface EtcdStatus {
  readonly memberId: bigint
  /** 0 when it knows of no leader. */
  readonly leaderId: bigint
  readonly raftIndex: bigint
  readonly raftTerm: number
  readonly appliedIndex: bigint
}

/** `StatusResponse { header = 1, leader = 4, raftIndex = 5, raftTerm = 6, raftAppliedIndex = 7 }`. */
export function decodeStatus(message: Uint8Array): EtcdStatus {
  const header = new FieldReader(message).find(1, BYTES)
  if (header === undefined) throw new Error('a StatusResponse without a header')
  return {
    memberId: new FieldReader(header).findVarint(2) ?? 0n,
    leaderId: new FieldReader(message).findVarint(4) ?? 0n,
    raftIndex: new FieldReader(message).findVarint(5) ?? 0n,
    raftTerm: Number(new FieldReader(message).findVarint(6) ?? 0n),
    appliedIndex: new FieldReader(message).findVarint(7) ?? 0n,
  }
}

function grpcMessage(sizeBytes: number): Buffer {
  const message = Buffer.allocUnsafe(PREFIX_BYTES + sizeBytes)
  message[0] = 0
  message.writeUInt32BE(sizeBytes, 1)
  return message
}

/** Tag, length and bytes. Every field number here is below 16, so its tag is one byte. */
const bytesFieldSize = (bytes: Uint8Array): number => 1 + varintSize(bytes.length) + bytes.length

function varintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
  return size
}

function writeBytesField(target: Buffer, offset: number, field: number, bytes: Uint8Array): number {
  target[offset++] = field * 8 + BYTES
  let length = bytes.length
  for (; length >= 0x80; length = Math.floor(length / 0x80)) target[offset++] = (length % 0x80) + 0x80
  target[offset++] = length
  target.set(bytes, offset)
  return offset + bytes.length
}

/** Walks over the fields of one message; unknown ones are stepped over. */
class FieldReader {
  readonly #message: Uint8Array
  #offset = 0

  constructor(message: Uint8Array) {
    this.#message = message
  }

  /** The first field of this number, as bytes. */
  find(field: number, wireType: typeof BYTES): Uint8Array | undefined {
    while (this.#offset < this.#message.length) {
      const tag = this.#readLength()
      if (tag === field * 8 + wireType) return this.#readBytes(this.#readLength())
      this.#skip(tag % 8)
    }
    return undefined
  }

  /** The first field of this number, as a whole number. */
  findVarint(field: number): bigint | undefined {
    while (this.#offset < this.#message.length) {
      const tag = this.#readLength()
      if (tag === field * 8 + VARINT) return this.#readVarint()
      this.#skip(tag % 8)
    }
    return undefined
  }

  #skip(wireType: number): void {
    if (wireType === VARINT) this.#skipVarint()
    else if (wireType === FIXED_64) this.#readBytes(8)
    else if (wireType === BYTES) this.#readBytes(this.#readLength())
    else if (wireType === FIXED_32) this.#readBytes(4)
    else throw new Error(`a protobuf field of wire type ${wireType}, which no message of etcd has`)
  }

  #readBytes(length: number): Uint8Array {
    if (this.#offset + length > this.#message.length)
      throw new Error('a protobuf field reaches beyond its message')
    return this.#message.subarray(this.#offset, (this.#offset += length))
  }

  /** A tag or a length: small, so a plain number will do. */
  #readLength(): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#readByte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  #readVarint(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#readByte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  #skipVarint(): void {
    while (this.#readByte() >= 0x80);
  }

  #readByte(): number {
    const byte = this.#message[this.#offset++]
    if (byte === undefined) throw new Error('a protobuf message ends in the middle of a number')
    return byte
  }
}
