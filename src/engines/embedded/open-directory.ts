import { nodeId } from '../../foundation/ids.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { readDirectory } from '../../storage/identity/read-directory.ts'
import { openLmdbTables } from '../../storage/table/lmdb/lmdb-table-store.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import type { ClientStore } from '../client/client-store.ts'
import { embeddedGuarantees, embeddedStore } from './embedded-store.ts'
import { type EmbeddedNode, openNode } from './node.ts'

/** What the ids begin with of directories that one process opens for itself. */
const EMBEDDED = 'embedded'
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

/** Each directory has its own: by it a cursor of one that was deleted is told from those of the one in its place. */
export const embeddedClusterId = (neverUsed: string): string => `${EMBEDDED}-${neverUsed}`

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
    network: { framing: tcpFraming, clusterId: EMBEDDED, nodeId: SELF },
  })
  try {
    const node = await openOnlyNode(around(runtime), directory, await clusterIdOf(runtime))
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

/** What it is called already; a new id for a new directory. Whatever else is there is found out by opening it. */
function clusterIdOf(runtime: Runtime): Promise<string> {
  return new Promise((resolve) =>
    readDirectory(runtime.disk, (_, identity) => {
      const isEmbedded = identity?.clusterId.split('-')[0] === EMBEDDED
      resolve(isEmbedded ? identity.clusterId : embeddedClusterId(runtime.random.id().toString(36)))
    }),
  )
}

function openOnlyNode(runtime: Runtime, directory: string, clusterId: string): Promise<EmbeddedNode> {
  return new Promise((resolve, reject) => {
    openNode(
      runtime,
      {
        clusterId,
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
