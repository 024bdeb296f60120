import type { DureError } from '../../foundation/errors.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { MembersClient } from '../client/members-client.ts'
import type { RemoteOptions } from './connect-remote.ts'
import { RemoteTransport } from './remote-transport.ts'

/**
 * Changes the members of a running cluster, over TCP.
 *
 * ```ts
 * await using members = await connectMembers({ addresses: ['127.0.0.1:7001', '127.0.0.1:7002'] })
 * await members.remove(2)
 * ```
 */
export async function connectMembers(options: RemoteOptions): Promise<MembersClient> {
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
  return new MembersClient(runtime, transport, () => runtime.close())
}
