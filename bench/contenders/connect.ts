import { unreachable } from '../../src/foundation/assert.ts'
import type { ContenderClient, Target } from './contender.ts'

/** Connects to a contender's leader; each client's code is loaded only when it is asked for. */
export async function connect(target: Target): Promise<ContenderClient> {
  switch (target.name) {
    case 'etcd':
      return (await import('./etcd/etcd-client.ts')).connectEtcd(target)
    case 'dure':
      return (await import('./dure/dure-client.ts')).connectDure(target)
    default:
      return unreachable(target.name)
  }
}
