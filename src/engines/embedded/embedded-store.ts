import type { Guarantees } from '../../ports/key-value/guarantees.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { ErrorResponse, Request, Response } from '../../wire/parcel/parcel.ts'
import { Client } from '../client/client.ts'
import { ClientStore } from '../client/client-store.ts'
import { MembersClient } from '../client/members-client.ts'
import type { OpenWatch, Transport, WatchReceiver } from '../client/transport.ts'
import type { EmbeddedNode } from './node.ts'
import type { WatchRequest } from './watch/watch-hub.ts'

export const embeddedGuarantees: Guarantees = {
  engine: 'embedded',
  read: 'strong',
  durability: 'majority-synced',
  idempotentRetries: true,
  commit: 'partition',
  watch: true,
  leases: true,
}

/** Requests of this process go straight into its node, which serves them or passes them on to the leader. */
class LocalTransport implements Transport {
  readonly #node: EmbeddedNode

  constructor(node: EmbeddedNode) {
    this.#node = node
  }

  request(request: Request, timeoutMs: number, done: (response: Response) => void): void {
    this.#node.request(request, timeoutMs, done)
  }

  watch(request: WatchRequest, received: WatchReceiver, ended: (reason: ErrorResponse) => void): OpenWatch {
    // There is no other node to go on at.
    return this.#node.watch(request, received, (reason) =>
      ended(reason.code === 'closed' ? { ...reason, retryable: false } : reason),
    )
  }

  close(): void {}
}

/**
 * The key-value port of a node in this process. Closing the store leaves the node running, unless `onClose` ends it.
 *
 * ```ts
 * const store = embeddedStore(runtime, node)
 * await store.put(utf8('k'), utf8('v'))
 * ```
 */
export function embeddedStore(
  runtime: Runtime,
  node: EmbeddedNode,
  onClose?: () => Promise<void>,
  guarantees: Guarantees = embeddedGuarantees,
): ClientStore {
  return new ClientStore(runtime, new Client(runtime, new LocalTransport(node)), guarantees, onClose)
}

/** Changes the members of this process's cluster: its node asks the leader. */
export const embeddedMembers = (runtime: Runtime, node: EmbeddedNode): MembersClient =>
  new MembersClient(runtime, new LocalTransport(node))
