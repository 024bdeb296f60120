import type { DiskStall } from '../../proof/chaos/stalling-disk.ts'
import { type Endpoint, endpoint } from '../../runtime/network.ts'
import type { FaultGate } from '../../runtime/node/fault-gate.ts'
import type { FaultControl } from './fault-control.ts'

/** Steers the faults of a node's network and of its disk. */
export function controlFaults(gate: FaultGate, disk: DiskStall): FaultControl {
  return {
    get blocked() {
      return numbers(gate.blocked)
    },
    get deafTo() {
      return numbers(gate.deafTo)
    },
    get muteTo() {
      return numbers(gate.muteTo)
    },
    get peers() {
      return gate.peers
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
    deafen: (nodeIds) => gate.deafen(nodeIds.map(endpoint)),
    mute: (nodeIds) => gate.mute(nodeIds.map(endpoint)),
    disturbPeers: (disturbance) => gate.disturbPeers(disturbance),
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

const numbers = (endpoints: readonly Endpoint[]): number[] =>
  endpoints.map((each): number => each).toSorted((left, right) => left - right)
