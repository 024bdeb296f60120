import { unreachable } from '../../foundation/assert.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { writeChanges } from './change-batch.ts'
import { MESSAGE_FORMAT, WATCH } from './format.ts'
import type { Parcel } from './parcel.ts'
import { writeRaft } from './raft-codec.ts'
import { writeRequest } from './request-codec.ts'
import { writeResponse } from './response-codec.ts'

const SLAB_BYTES = 1_024
/** From here on a value is copied once, straight into the message. */
const REFERENCE_FROM_BYTES = 4_096

/**
 * Gathers the parcels for one endpoint into one message.
 *
 * ```ts
 * const outgoing = new ParcelWriter()
 * outgoing.add({ type: 'raft', group, message })
 * if (!outgoing.isEmpty) network.send(endpoint, outgoing.take())
 * ```
 *
 * The bytes of an added parcel must not change before `take`.
 */
export class ParcelWriter {
  readonly #writer = new ByteWriter(SLAB_BYTES, REFERENCE_FROM_BYTES)

  add(parcel: Parcel): void {
    if (this.isEmpty) this.#writer.byte(MESSAGE_FORMAT)
    switch (parcel.type) {
      case 'raft':
        writeRaft(this.#writer, parcel.group, parcel.message)
        return
      case 'request':
        writeRequest(this.#writer, parcel)
        return
      case 'response':
        writeResponse(this.#writer, parcel)
        return
      case 'changes':
        writeChanges(this.#writer, parcel)
        return
      case 'watch':
        this.#writer.byte(WATCH)
        this.#writer.varint(parcel.group)
        this.#writer.varint(parcel.id)
        this.#writer.varint(parcel.allowedBytes)
        return
      default:
        unreachable(parcel)
    }
  }

  get isEmpty(): boolean {
    return this.#writer.sizeBytes === 0
  }

  /** Of the message so far; 0 when it is empty. */
  get sizeBytes(): number {
    return this.#writer.sizeBytes
  }

  /** The message, for the network to keep; the writer begins the next one. */
  take(): Uint8Array {
    return this.#writer.take()
  }
}
