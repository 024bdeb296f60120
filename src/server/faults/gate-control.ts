import { type Endpoint, endpoint } from '../../runtime/network.ts'
import type { FaultGate } from '../../runtime/node/fault-gate.ts'
import type { FaultControl } from './fault-control.ts'

/** Steers the faults of a node's network. */
export function controlGate(gate: FaultGate): FaultControl {
  const blocked = () => gate.blocked.map((blocked: Endpoint): number => blocked).toSorted((a, b) => a - b)
  return {
    get blocked() {
      return blocked()
    },
    get delayMs() {
      return gate.delayMs
    },
    block(nodeIds) {
      for (const endpoint of gate.blocked) gate.unblock(endpoint)
      for (const node of nodeIds) gate.block(endpoint(node))
    },
    delay: (delayMs) => gate.disturb({ delayMs }),
    clear: () => gate.clear(),
  }
}
