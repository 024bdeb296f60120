import type { DiskStall } from '../../proof/chaos/stalling-disk.ts'
import { type Endpoint, endpoint } from '../../runtime/network.ts'
import type { FaultGate } from '../../runtime/node/fault-gate.ts'
import type { FaultControl } from './fault-control.ts'

/** Steers the faults of a node's network and of its disk. */
export function controlFaults(gate: FaultGate, disk: DiskStall): FaultControl {
  const blocked = () => gate.blocked.map((blocked: Endpoint): number => blocked).toSorted((a, b) => a - b)
  return {
    get blocked() {
      return blocked()
    },
    get delayMs() {
      return gate.delayMs
    },
    get diskStallMs() {
      return disk.stallMs
    },
    block(nodeIds) {
      for (const endpoint of gate.blocked) gate.unblock(endpoint)
      for (const node of nodeIds) gate.block(endpoint(node))
    },
    delay: (delayMs) => gate.disturb({ delayMs }),
    stallDisk(stallMs) {
      disk.stallMs = stallMs
    },
    clear() {
      gate.clear()
      disk.stallMs = 0
    },
  }
}
