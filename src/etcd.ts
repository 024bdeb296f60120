/**
 * The etcd engine: a cluster of etcd behind the key-value port.
 *
 * ```ts
 * import { etcd } from 'dure/engines/etcd'
 * ```
 */
export { etcd } from './engines/etcd/etcd.ts'
export type { EtcdOptions, EtcdTls } from './engines/etcd/options.ts'
