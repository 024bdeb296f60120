import { describe, expect, test } from 'vitest'
import { bank } from './bank/bank.ts'
import { counter } from './counter/counter.ts'
import { lease } from './lease/lease.ts'
import { lock } from './lock/lock.ts'
import { longFork } from './long-fork/long-fork.ts'
import { queue } from './queue/queue.ts'
import { casRegister, register } from './register/register.ts'
import { set } from './set/set.ts'
import type { Defect } from './testing/defective-store.ts'
import { stagedRun } from './testing/staged-run.ts'
import { listAppend } from './transactions/list-append.ts'
import { rwRegister } from './transactions/rw-register.ts'
import { uniqueIds } from './unique-ids/unique-ids.ts'
import { watch } from './watch/watch.ts'
import type { Workload } from './workload.ts'

/** Of virtual time, at 250 calls a second. */
const CONVICTED_WITHIN_MS = 8_000

/** What each workload must convict. */
const cases: readonly (readonly [Workload, readonly Defect[]])[] = [
  [bank, ['lost-update', 'torn-commit', 'torn-range']],
  [counter, ['lost-write', 'stale-read', 'lost-update', 'repeated-write']],
  [longFork, ['torn-range']],
  [queue, ['lost-write', 'lost-update', 'false-refusal']],
  [casRegister, ['lost-write', 'stale-read', 'lost-update', 'repeated-write']],
  [lease, ['repeated-token']],
  [listAppend, ['lost-write', 'lost-update', 'torn-commit', 'repeated-write', 'false-refusal']],
  [lock, ['lost-write', 'lost-update', 'repeated-version']],
  [register, ['lost-write', 'stale-read', 'repeated-write', 'false-refusal']],
  [rwRegister, ['lost-update', 'torn-commit']],
  [watch, ['false-refusal', 'skipped-change', 'repeated-change']],
  [set, ['lost-write', 'stale-read', 'false-refusal']],
  [uniqueIds, ['repeated-version']],
]

describe.for(cases.map(([workload, mistakes]) => ({ name: workload.name, workload, mistakes })))(
  '$name',
  ({ workload, mistakes }) => {
    test.for([1, 2, 3])('acquits a store that is right (seed %i)', async (seed) => {
      const { result, acknowledged, history } = await stagedRun(workload, { seed })
      expect(result.anomalies).toEqual([])
      expect(result.verdict).toBe('valid')
      const { atLeast } = workload.plan({ workers: 1, prefix: 'x/' })
      for (const [f, count] of Object.entries(atLeast))
        expect(acknowledged.get(f), f).toBeGreaterThanOrEqual(count)
      expect(history.events.some(({ type }) => type === 'info')).toBe(true)
    })

    test.for(mistakes)('convicts one with a %s', async (defect) => {
      const { result } = await stagedRun(workload, { seed: 1, durationMs: CONVICTED_WITHIN_MS, defect })
      expect(result.verdict).toBe('invalid')
    })
  },
)
