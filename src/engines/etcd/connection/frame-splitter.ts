import { PREFIX_BYTES } from '../wire/message-writer.ts'

/** Cuts what arrives on a gRPC stream into messages. */
export class FrameSplitter {
  #pending: Buffer[] = []
  #pendingBytes = 0

  /** The messages that are complete with this chunk. */
  push(chunk: Buffer): Buffer[] {
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    if (this.#pendingBytes < PREFIX_BYTES) return []
    // Joined once a message is complete and not at every chunk: a message of megabytes comes in hundreds of them.
    if (this.#pending.length > 1 && this.#pendingBytes < this.#wantedBytes()) return []
    let rest = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending)
    const messages: Buffer[] = []
    while (rest.length >= PREFIX_BYTES) {
      const end = PREFIX_BYTES + rest.readUInt32BE(1)
      if (rest.length < end) break
      messages.push(rest.subarray(PREFIX_BYTES, end))
      rest = rest.subarray(end)
    }
    this.#pending = rest.length === 0 ? [] : [rest]
    this.#pendingBytes = rest.length
    return messages
  }

  #wantedBytes(): number {
    const [first] = this.#pending
    if (first!.length >= PREFIX_BYTES) return PREFIX_BYTES + first!.readUInt32BE(1)
    this.#pending = [Buffer.concat(this.#pending)]
    return PREFIX_BYTES + this.#pending[0]!.readUInt32BE(1)
  }
}
