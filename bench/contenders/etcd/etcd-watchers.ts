import { decodeWatch, encodeWatchCreate } from '../../../src/engines/etcd/wire/watch-messages.ts'
import { prefixEnd } from '../../../src/foundation/bytes.ts'
import type { GrpcChannel } from './grpc-channel.ts'

/** Beyond this many etcd's own proxy would open another stream too. */
const WATCHERS_PER_STREAM = 100

/** Watchers of one prefix, some on each stream; resolves once etcd has confirmed them all. */
export function watchEtcd(
  channel: GrpcChannel,
  prefix: Uint8Array,
  watchers: number,
  changed: (value: Uint8Array) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let created = 0
  const received = (message: Uint8Array): void => {
    const response = decodeWatch(message)
    if (response.canceled) return reject(new Error(`etcd ended a watch: ${response.cancelReason}`))
    if (response.created && ++created === watchers) resolve()
    for (const { pair } of response.events) changed(pair.value)
  }
  const create = encodeWatchCreate(prefix, prefixEnd(prefix)!, 0)
  for (let opened = 0; opened < watchers; opened += WATCHERS_PER_STREAM) {
    const stream = channel.open('/etcdserverpb.Watch/Watch', received, reject)
    for (let i = opened; i < Math.min(watchers, opened + WATCHERS_PER_STREAM); i++) stream.send(create)
  }
  return promise
}
