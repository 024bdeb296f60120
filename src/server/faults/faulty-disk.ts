import { type DiskStall, stallingDisk } from '../../proof/chaos/stalling-disk.ts'
import { unsyncedDisk } from '../../proof/chaos/unsynced-disk.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { FaultDisk } from '../process/node-arguments.ts'

/** The runtime with a disk that can be made to stall, and that forgets what was not synced when `kind` says so. */
export function onFaultyDisk(runtime: Runtime, stall: DiskStall, kind: FaultDisk | undefined): Runtime {
  const below = kind === 'unsynced' ? unsyncedDisk(runtime.disk) : runtime.disk
  return {
    clock: runtime.clock,
    random: runtime.random,
    network: runtime.network,
    disk: stallingDisk(runtime, below, stall),
    timer: (delayMs, fire) => runtime.timer(delayMs, fire),
    soon: (run) => runtime.soon(run),
    abort: (reason) => runtime.abort(reason),
  }
}
