import { join } from 'node:path'
import type { BackupSource } from '../../engines/embedded/backup/backups.ts'
import { embeddedMembers, embeddedStore } from '../../engines/embedded/embedded-store.ts'
import type { EmbeddedNode } from '../../engines/embedded/node.ts'
import { openNode } from '../../engines/embedded/node.ts'
import type { NodeStatus } from '../../engines/embedded/status.ts'
import { DureError } from '../../foundation/errors.ts'
import { nodeId } from '../../foundation/ids.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { openLmdbTables } from '../../storage/table/lmdb/lmdb-table-store.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { controlFaults } from '../faults/control-faults.ts'
import { onFaultyDisk } from '../faults/faulty-disk.ts'
import type { Log } from '../log/log.ts'
import { ProcessMetrics } from '../metrics/process-metrics.ts'
import { statusMetrics } from '../metrics/status-metrics.ts'
import { watchMetrics } from '../metrics/watch-metrics.ts'
import { startServer } from '../start-server.ts'
import type { NodeArguments } from './node-arguments.ts'

export interface RunningNode {
  /** Hands leadership over, ends what is open, closes the files. */
  stop(): Promise<void>
  /** Calls back once when the cluster has removed this node, with what to tell a person. */
  onRemoved(removed: (message: string) => void): void
}

/** How long requests over HTTP may take to end when the node stops. */
const HTTP_CLOSE_TIMEOUT_MS = 2_000

/** Puts a node together on the real world: runtime, storage, engine, HTTP. Leaves nothing open when it throws. */
export async function runNode(given: NodeArguments, log: Log): Promise<RunningNode> {
  const { clusterId, directory, members, http, allowFaults } = given
  const self = nodeId(given.nodeId)
  const removal = new Removal()
  const runtime = await createNodeRuntime({
    directory,
    network: {
      framing: tcpFraming,
      clusterId,
      nodeId: self,
      listen: members.get(self)!,
      peers: new Map([...members].filter(([node]) => node !== self)),
      onProblem: (error) => {
        log.warn('network', { error })
        // Said by a member that has applied our removal; before one has, our vote may still be needed.
        if (error.code === 'removed') removal.tell(error.message)
      },
    },
    abort: (error) => {
      log.error('abort', { error })
      // A disk that failed or is full is no bug of ours.
      process.exit(error instanceof DureError ? 3 : 70)
    },
  })
  let node: EmbeddedNode | undefined
  try {
    const stall = { stallMs: 0 }
    const disturbable = allowFaults ? onFaultyDisk(runtime, stall, given.faultDisk) : runtime
    const opened = await open(disturbable, given)
    node = opened
    if (opened.removal !== undefined) throw new DureError('removed', opened.removal)
    const store = embeddedStore(runtime, opened)
    const faults = controlFaults(runtime.network.faults, stall)
    const processMetrics = new ProcessMetrics()
    // A cut that was made on purpose leaves the connections open: from here it is a member out of reach.
    const status = (): NodeStatus => {
      const unreachable = new Set([...opened.status.unreachable, ...faults.blocked])
      return { ...opened.status, unreachable: [...unreachable].toSorted((a, b) => a - b) }
    }
    const server = await startServer({
      node: {
        status,
        metrics: () => [
          ...statusMetrics(status()),
          ...watchMetrics(opened.watchFigures),
          ...processMetrics.read(),
        ],
        openBackup: (timeoutMs) => openBackup(opened, timeoutMs),
      },
      store,
      leases: store.unkeptLeases,
      members: embeddedMembers(runtime, opened),
      httpHost: http.host,
      httpPort: http.port,
      httpHostNames: given.httpHostNames,
      allowFaults,
      faults,
      log,
    })
    return {
      onRemoved: (removed) => removal.listen(removed),
      async stop() {
        opened.transferLeadership()
        await server.close({ timeoutMs: HTTP_CLOSE_TIMEOUT_MS })
        await close(opened)
        processMetrics.close()
        await runtime.close()
      },
    }
  } catch (error) {
    // Its tables have a thread of their own, which would keep the process.
    if (node !== undefined) await close(node)
    await runtime.close()
    throw error
  }
}

/** It may be heard of several times, and before anybody listens, and is told once. */
class Removal {
  #message: string | undefined
  #tell: ((message: string) => void) | undefined

  tell(message: string): void {
    if (this.#message !== undefined) return
    this.#message = message
    this.#tell?.(message)
  }

  listen(tell: (message: string) => void): void {
    this.#tell = tell
    if (this.#message !== undefined) tell(this.#message)
  }
}

const addressOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

const openBackup = (node: EmbeddedNode, timeoutMs: number): Promise<BackupSource> =>
  new Promise((resolve, reject) =>
    node.openBackup(timeoutMs, (error, source) => (source === undefined ? reject(error) : resolve(source))),
  )

const close = (node: EmbeddedNode): Promise<void> => new Promise((resolve) => node.close(resolve))

function open(
  runtime: Runtime,
  {
    nodeId: id,
    clusterId,
    directory,
    members,
    initialize,
    found: foundsCluster,
    join: joins,
    http,
  }: NodeArguments,
): Promise<EmbeddedNode> {
  return new Promise((resolve, reject) => {
    openNode(
      runtime,
      {
        clusterId,
        nodeId: nodeId(id),
        members: [...members].map(([node, address]) => ({
          node: nodeId(node),
          address,
          ...(node === id && { httpAddress: addressOf(http) }),
        })),
        initialize: initialize || joins,
        join: joins,
        foundsCluster,
        openTables: (done) =>
          openLmdbTables(
            { directory: join(directory, 'tables'), abort: (reason) => runtime.abort(reason) },
            done,
          ),
      },
      (error, node) => (node === undefined ? reject(error) : resolve(node)),
    )
  })
}
