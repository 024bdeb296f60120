import { describe, expect, test } from 'vitest'
import { bank } from './bank/bank.ts'
import { counter } from './counter/counter.ts'
import { longFork } from './long-fork/long-fork.ts'
import { queue } from './queue/queue.ts'
import { set } from './set/set.ts'
import type { Defect } from './testing/defective-store.ts'
import { stagedRun } from './testing/staged-run.ts'
import { uniqueIds } from './unique-ids/unique-ids.ts'
import type { Workload } from './workload.ts'

/** What each workload must convict. */
const cases: readonly (readonly [Workload, readonly Defect[]])[] = [
  [bank, ['lost-update', 'torn-commit', 'torn-range']],
  [counter, ['lost-write', 'stale-read', 'lost-update', 'repeated-write']],
  [longFork, ['torn-range']],
  [queue, ['lost-write', 'lost-update', 'false-refusal']],
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
      const { result } = await stagedRun(workload, { seed: 1, defect })
      expect(result.verdict).toBe('invalid')
    })
  },
)
