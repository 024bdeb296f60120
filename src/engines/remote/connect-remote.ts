import type { DureError } from '../../foundation/errors.ts'
import type { Guarantees } from '../../ports/key-value/guarantees.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { Client } from '../client/client.ts'
import { ClientStore } from '../client/client-store.ts'
import { RemoteTransport } from './remote-transport.ts'

export const remoteGuarantees: Guarantees = {
  engine: 'remote',
  read: 'strong',
  durability: 'majority-synced',
  idempotentRetries: true,
  commit: 'partition',
  watch: true,
  leases: true,
}

export interface RemoteOptions {
  /** Nodes to begin with, `host:port` of their peer port; the others are learned from them. */
  readonly addresses: readonly string[]
  /** The cluster that is expected; any when left out. */
  readonly clusterId?: string
  /** Only the first address is ever asked, for looking at what one node answers. */
  readonly pinned?: boolean
}

/**
 * The key-value port of a running cluster, over TCP.
 *
 * ```ts
 * await using store = await connectRemote({ addresses: ['127.0.0.1:7001', '127.0.0.1:7002'] })
 * ```
 */
export async function connectRemote(options: RemoteOptions): Promise<ClientStore> {
  let problem: DureError | undefined
  const runtime = await createNodeRuntime({
    directory: '.',
    network: {
      framing: tcpFraming,
      clusterId: options.clusterId ?? '',
      onProblem: (found) => (problem = found),
    },
  })
  const transport = new RemoteTransport(runtime, options.addresses, {
    pinned: options.pinned ?? false,
    lastProblem: () => problem,
  })
  return new ClientStore(runtime, new Client(runtime, transport), remoteGuarantees, () => runtime.close())
}
