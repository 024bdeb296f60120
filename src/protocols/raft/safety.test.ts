import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runSchedule } from './testing/schedule.ts'

/** More for a long run: `DURE_RAFT_SCHEDULES=100000`. */
const SCHEDULES = Number(process.env.DURE_RAFT_SCHEDULES ?? 1_500)

test('the safety properties hold after every step of any schedule, and a healed cluster makes progress and agrees', () => {
  const seen = { elections: 0, committed: 0, snapshots: 0, memberships: 0, reads: 0, crashes: 0 }
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.integer({ min: 100, max: 800 }), (seed, steps) => {
      const report = runSchedule(seed, steps)
      for (const key of Object.keys(seen) as (keyof typeof seen)[]) seen[key] += report[key]
    }),
    { numRuns: SCHEDULES },
  )
  // A schedule that never does what it is for would prove nothing.
  expect(seen.elections).toBeGreaterThan(SCHEDULES)
  expect(seen.committed).toBeGreaterThan(SCHEDULES * 10)
  expect(seen.snapshots).toBeGreaterThan(SCHEDULES / 20)
  expect(seen.memberships).toBeGreaterThan(SCHEDULES / 2)
  expect(seen.reads).toBeGreaterThan(SCHEDULES)
  expect(seen.crashes).toBeGreaterThan(SCHEDULES)
}, 1_200_000)
