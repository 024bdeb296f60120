import { expect, test } from 'vitest'
import { endpoint } from '../../runtime/network.ts'
import { FaultGate } from '../../runtime/node/fault-gate.ts'
import { controlFaults } from './control-faults.ts'

test('a new cut replaces the one before', () => {
  const gate = new FaultGate()
  const control = controlFaults(gate, { stallMs: 0 })
  control.block([5, 2])
  control.delay(30)
  expect([control.blocked, control.delayMs]).toEqual([[2, 5], 30])
  control.block([3])
  expect(control.blocked).toEqual([3])
  expect([gate.dropsTo(endpoint(2)), gate.dropsFrom(endpoint(3))]).toEqual([false, true])
  control.clear()
  expect([control.blocked, control.delayMs, gate.isActive]).toEqual([[], 0, false])
})

test('a stall reaches the disk, and clear ends it', () => {
  const disk = { stallMs: 0 }
  const control = controlFaults(new FaultGate(), disk)
  control.stallDisk(500)
  expect([disk.stallMs, control.diskStallMs]).toEqual([500, 500])
  control.clear()
  expect(disk.stallMs).toBe(0)
})
