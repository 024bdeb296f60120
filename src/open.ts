import { Dure } from './dure.ts'
import { DureError } from './foundation/errors.ts'
import type { Engine } from './ports/key-value/engine.ts'

export type OpenOptions = OpenDirectory | OpenConnection | OpenEngine

/** One process, durable, nothing else to run: the data lives in this directory. */
export interface OpenDirectory {
  readonly directory: string
}

/** A client of a running cluster: one of these nodes is enough to find the others. */
export interface OpenConnection {
  readonly connect: readonly string[]
}

/** An engine that a team runs already, by the factory of its subpath: `etcd({ endpoints })` of `dure/engines/etcd`. */
export interface OpenEngine {
  readonly engine: Engine
}

/**
 * Opens Dure on an engine.
 *
 * ```ts
 * import { open } from 'dure'
 * await using dure = await open({ directory: './data' })            // or { connect: ['127.0.0.1:7001'] }
 * const accounts = dure.keyspace<Account>('accounts', { consistency: 'strong' })
 * ```
 *
 * Guarantee: strong reads; a write that returned is synced, with `connect` on a majority of the nodes.
 * A disk that fails to sync ends the process (exit code 70): what memory holds can no longer be trusted to be on it.
 *
 * With `engine` the guarantees are those of the engine: see `dure.store.guarantees`.
 *
 * Errors: `data-directory` (another process holds it, a newer format), `corrupt`, `disk`; `invalid` for options that
 * make no sense. With `connect` nothing is asked of the cluster yet: an unreachable one shows at the first call.
 */
export async function open(options: OpenOptions): Promise<Dure> {
  const { directory, connect, engine } = options as Partial<OpenDirectory & OpenConnection & OpenEngine>
  const given = [directory, connect, engine].filter((each) => each !== undefined).length
  if (given !== 1) {
    const message = `asked to open with ${given} of 'directory', 'connect' and 'engine': give exactly one of them`
    throw new DureError('invalid', message)
  }
  if (engine !== undefined) return new Dure(await engine.open())
  // Loaded only when asked for: a client of a cluster needs no storage.
  if (connect !== undefined) {
    const { connectRemote } = await import('./engines/remote/connect-remote.ts')
    return new Dure(await connectRemote({ addresses: connect }))
  }
  const { openDirectory } = await import('./engines/embedded/open-directory.ts')
  return new Dure(await openDirectory(directory as string))
}
