import type { Engine } from '../../ports/key-value/engine.ts'
import { type EtcdOptions, readEndpoints } from './options.ts'

/**
 * A cluster of etcd, 3.4 or later, as the engine of a store. Keys and values stand in it as they are, behind
 * `keyPrefix`, so that etcd's own tools see them.
 *
 * ```ts
 * import { open } from 'dure'
 * import { etcd } from 'dure/engines/etcd'
 * await using dure = await open({ engine: etcd({ endpoints: ['127.0.0.1:2379'] }) })
 * ```
 *
 * Guarantee: strong reads, writes on a majority, once however often they are retried, watches and leases. Times to live
 * are in whole seconds, rounded up, and etcd grants no less than its election timeout allows (2 s unless set).
 *
 * Errors: `invalid` for options that make no sense. Nothing is asked of etcd yet: an unreachable one shows at the first
 * call, as `unavailable` or `timeout`; wrong credentials as `invalid`; another cluster behind the same address as
 * `wrong-cluster`.
 */
export function etcd(options: EtcdOptions): Engine {
  readEndpoints(options)
  return {
    name: 'etcd',
    open: async () => {
      const { EtcdStore } = await import('./etcd-store.ts')
      return new EtcdStore(options)
    },
  }
}
