import { join } from 'node:path'
import {
  type DirectoryReport,
  inspectDirectory,
  recoverAlone,
  type StoppedNode,
} from '../../engines/embedded/membership/recover-alone.ts'
import { DureError } from '../../foundation/errors.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import { openLmdbTables } from '../../storage/table/lmdb/lmdb-table-store.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'

type Done = (error: Error | undefined, report: DirectoryReport | undefined) => void

/** What the data directory of a node that is stopped holds. Errors: as starting it, with the path. */
export const inspectNode = (path: string): Promise<DirectoryReport> => onStopped(path, inspectDirectory)

/** Makes it the only voter of a new cluster. */
export const recoverNode = (path: string, newClusterId: string): Promise<DirectoryReport> =>
  onStopped(path, (stopped, done) => recoverAlone({ ...stopped, newClusterId }, done))

async function onStopped(
  path: string,
  run: (stopped: StoppedNode, done: Done) => void,
): Promise<DirectoryReport> {
  // It listens nowhere and connects to nobody: only clock and disk are used.
  const runtime = await createNodeRuntime({
    directory: path,
    network: { framing: tcpFraming, clusterId: '' },
  })
  const abort = (reason: Error): never => runtime.abort(reason)
  const stopped: StoppedNode = {
    runtime,
    openTables: (done) => openLmdbTables({ directory: join(path, 'tables'), abort }, done),
  }
  try {
    return await new Promise<DirectoryReport>((resolve, reject) =>
      run(stopped, (error, report) => (report === undefined ? reject(error) : resolve(report))),
    )
  } catch (cause) {
    if (!(cause instanceof DureError)) throw cause
    throw new DureError(cause.code, `${path}: ${cause.message}`, { cause })
  } finally {
    await runtime.close()
  }
}
