import { nodeId } from '../../foundation/ids.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { openLmdbTables } from '../../storage/table/lmdb/lmdb-table-store.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import type { ClientStore } from '../client/client-store.ts'
import { embeddedGuarantees, embeddedStore } from './embedded-store.ts'
import { type EmbeddedNode, openNode } from './node.ts'

/** Of every directory that one process opens for itself. */
export const EMBEDDED_CLUSTER_ID = 'embedded'
const SELF = nodeId(1)
/** Nobody else votes, so nobody has to be waited for. */
const ELECTION_TIMEOUT_MS = 10

/**
 * A store of one process in a directory: a cluster of one, that listens nowhere.
 *
 * Guarantee: as the embedded engine, with one disk for a majority. Errors: `data-directory` when another process holds
 * it or it is a cluster node's, `corrupt`, `disk`.
 */
export async function openDirectory(directory: string): Promise<ClientStore> {
  const shared = await shareDirectory(directory)
  return shared.open(() => shared.close())
}

/** A directory that several stores of this process work on. */
export interface SharedDirectory {
  open(onClose?: () => Promise<void>): ClientStore
  /** After its stores. */
  close(): Promise<void>
}

/** As `openDirectory`, for more than one client. `around` puts something between the node and its world, such as a slow disk. */
export async function shareDirectory(
  directory: string,
  around: (runtime: Runtime) => Runtime = (runtime) => runtime,
): Promise<SharedDirectory> {
  const runtime = await createNodeRuntime({
    directory,
    network: { framing: tcpFraming, clusterId: EMBEDDED_CLUSTER_ID, nodeId: SELF },
  })
  try {
    const node = await openOnlyNode(around(runtime), directory)
    return {
      open: (onClose) =>
        embeddedStore(runtime, node, onClose, { ...embeddedGuarantees, durability: 'synced' }),
      async close() {
        await new Promise<void>((resolve) => node.close(resolve))
        await runtime.close()
      },
    }
  } catch (error) {
    await runtime.close()
    throw error
  }
}

function openOnlyNode(runtime: Runtime, directory: string): Promise<EmbeddedNode> {
  return new Promise((resolve, reject) => {
    openNode(
      runtime,
      {
        clusterId: EMBEDDED_CLUSTER_ID,
        nodeId: SELF,
        members: [{ node: SELF, address: '' }],
        // Its vote decides nothing that anybody else could contradict.
        initialize: true,
        openTables: (done) =>
          openLmdbTables(
            { directory: `${directory}/tables`, abort: (reason) => runtime.abort(reason) },
            done,
          ),
        raft: { electionTimeoutMs: ELECTION_TIMEOUT_MS },
      },
      (error, node) => (node === undefined ? reject(error) : resolve(node)),
    )
  })
}
