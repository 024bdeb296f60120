import type { HttpBindings } from '@hono/node-server'
import type { MembersClient } from '../../engines/client/members-client.ts'
import type { UnkeptLeases } from '../../engines/client/unkept-leases.ts'
import type { BackupSource } from '../../engines/embedded/backup/backups.ts'
import type { NodeStatus } from '../../engines/embedded/status.ts'
import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import type { FaultControl } from '../faults/fault-control.ts'
import type { Log } from '../log/log.ts'
import type { Metric } from '../metrics/metric.ts'
import type { BackupPace } from './backup-route.ts'

/** The node as its HTTP server sees it. */
export interface ServedNode {
  status(): NodeStatus
  metrics(): readonly Metric[]
  openBackup(timeoutMs: number): Promise<BackupSource>
}

/** Leases that HTTP clients keep alive themselves. */
export type ServedLeases = Pick<UnkeptLeases, 'grant' | 'keepAlive' | 'release' | 'named'>

export type ServedMembers = Pick<MembersClient, 'add' | 'promote' | 'remove'>

/** What the routes stand on. */
export interface Served {
  readonly node: ServedNode
  readonly store: KeyValueStore
  readonly leases: ServedLeases
  readonly members: ServedMembers
  /** Undefined on a node that was not started with `--allow-faults`. */
  readonly faults: FaultControl | undefined
  readonly log: Log
  /** By which requests may ask for this node besides IP addresses and `localhost`; in lower case. */
  readonly hostNames: readonly string[]
  /** Fires when the server stops: whatever would go on for long ends. Its reason is for the client. */
  readonly stopping: AbortSignal
  /** For tests of slow readers. */
  readonly backupPace?: BackupPace
}

/** Hono's type for "on Node": the raw request is at hand. */
export interface OnNode {
  Bindings: HttpBindings
}
