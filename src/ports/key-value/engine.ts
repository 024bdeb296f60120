import type { KeyValueStore } from './key-value-store.ts'

/**
 * How to open a store on some engine: what `open({ engine })` takes. Made by the engine's own factory, which keeps the
 * options; nothing is loaded, connected or started before `open()`.
 *
 * ```ts
 * import { open } from 'dure'
 * import { etcd } from 'dure/engines/etcd'
 * await using dure = await open({ engine: etcd({ endpoints: ['127.0.0.1:2379'] }) })
 * ```
 */
export interface Engine {
  /** For messages and tables; the same as `guarantees.engine` of its stores. */
  readonly name: string
  /** Another client of the same data each time; closing it ends what was opened for it alone. */
  open(): Promise<KeyValueStore>
}
