import {
  decodeLeaseAnswer,
  encodeKeepAlive,
  encodeLeaseGrant,
} from '../../../src/engines/etcd/wire/control-messages.ts'
import type { LeaseHandle } from '../contender.ts'
import type { GrpcChannel, GrpcStream } from './grpc-channel.ts'

/** etcd serves the keep-alives of one stream one after the other, so several streams are the best case for it. */
const STREAMS = 8

/** Keep-alives on long streams, the answers of each in the order of its requests. */
export class EtcdLeases {
  readonly #channel: GrpcChannel
  readonly #streams: { readonly stream: GrpcStream; readonly waiting: Waiting[] }[] = []
  #next = 0
  /** Chosen here: etcd's own ids do not fit into a number. */
  #lastId = Date.now() * 1_000

  constructor(channel: GrpcChannel) {
    this.#channel = channel
  }

  async grant(ttlMs: number): Promise<LeaseHandle> {
    const message = encodeLeaseGrant(++this.#lastId, Math.ceil(ttlMs / 1_000))
    const answer = decodeLeaseAnswer(await this.#channel.call('/etcdserverpb.Lease/LeaseGrant', message))
    return answer.id
  }

  keepAlive(lease: LeaseHandle): Promise<void> {
    if (this.#streams.length < STREAMS) this.#open()
    const { stream, waiting } = this.#streams[this.#next++ % this.#streams.length]!
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject })
      stream.send(encodeKeepAlive(lease as number))
    })
  }

  #open(): void {
    const waiting: Waiting[] = []
    const received = (message: Uint8Array): void => {
      const { id, ttlSeconds } = decodeLeaseAnswer(message)
      const { resolve, reject } = waiting.shift()!
      if (ttlSeconds > 0) resolve()
      else reject(new Error(`etcd has no lease ${id}`))
    }
    const ended = (reason: Error): void => {
      for (const { reject } of waiting.splice(0)) reject(reason)
    }
    const stream = this.#channel.open('/etcdserverpb.Lease/LeaseKeepAlive', received, ended)
    this.#streams.push({ stream, waiting })
  }
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (reason: Error) => void
}
