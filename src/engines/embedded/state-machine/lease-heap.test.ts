import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leaseId } from '../../../foundation/ids.ts'
import { type Lease, LeaseHeap } from './lease-heap.ts'

test('leases come in the order in which they expire, the older of equals first, however they were queued, kept and removed', () => {
  const anyStep = fc.tuple(
    fc.constantFrom('grant', 'grant', 'keep', 'end'),
    fc.nat({ max: 30 }),
    fc.nat({ max: 5 }),
  )
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), fc.boolean(), (steps, backwards) => {
      const heap = new LeaseHeap()
      let leases: Lease[] = []
      let nowMs = 0
      for (const [i, [step, which, afterMs]] of steps.entries()) {
        nowMs += afterMs
        const lease = leases[which % Math.max(leases.length, 1)]
        if (step === 'grant') {
          const id = leaseId(backwards ? 100 - i : i + 1)
          const granted = {
            id,
            ttlMs: 10,
            expiresAtMs: nowMs + 10,
            keyCount: 0,
            queuedMs: nowMs + 10,
            heapAt: 0,
          }
          heap.push(granted)
          leases.push(granted)
        } else if (lease !== undefined && step === 'keep') {
          lease.expiresAtMs = nowMs + 10
        } else if (lease !== undefined) {
          heap.remove(lease)
          leases = leases.filter((other) => other !== lease)
        }
      }
      leases.sort((left, right) => left.expiresAtMs - right.expiresAtMs || left.id - right.id)
      for (const expected of leases) {
        expect(heap.earliestMs).toBeLessThanOrEqual(expected.expiresAtMs)
        expect(heap.first()?.id).toBe(expected.id)
        heap.remove(expected)
      }
      expect(heap.first()).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})
