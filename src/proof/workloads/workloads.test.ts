import { describe, expect, test } from 'vitest'
import { workloads } from './catalogue.ts'
import { type Defect, defects } from './testing/defective-store.ts'
import { stagedRun } from './testing/staged-run.ts'

/** Of virtual time, at 250 calls a second. */
const CONVICTED_WITHIN_MS = 8_000

/** What each workload must convict. */
const mistakes: Readonly<Record<string, readonly Defect[]>> = {
  register: ['lost-write', 'stale-read', 'repeated-write', 'false-refusal', 'forgotten-row'],
  'cas-register': ['lost-write', 'stale-read', 'lost-update', 'repeated-write', 'forgotten-row'],
  set: ['lost-write', 'stale-read', 'false-refusal'],
  counter: ['lost-write', 'stale-read', 'lost-update', 'repeated-write'],
  bank: ['lost-update', 'torn-commit', 'torn-range'],
  'list-append': [
    'lost-write',
    'lost-update',
    'torn-commit',
    'repeated-write',
    'false-refusal',
    'forgotten-row',
  ],
  'rw-register': ['lost-update', 'torn-commit', 'forgotten-row'],
  'long-fork': ['torn-range'],
  session: ['stale-read'],
  lock: ['lost-write', 'lost-update', 'repeated-version'],
  lease: ['repeated-token'],
  queue: ['lost-write', 'lost-update', 'false-refusal'],
  'unique-ids': ['repeated-version'],
  watch: ['false-refusal', 'skipped-change', 'repeated-change'],
  mixed: ['lost-write', 'lost-update', 'torn-commit', 'repeated-change'],
}

test('every workload has mistakes that it must convict', () => {
  expect(Object.keys(mistakes)).toEqual(workloads.map(({ name }) => name))
})

test('every mistake is convicted by some workload', () => {
  expect(new Set(Object.values(mistakes).flat())).toEqual(new Set(defects))
})

describe.for(workloads.map((workload) => ({ name: workload.name, workload })))(
  '$name',
  ({ name, workload }) => {
    test.for([1, 2])('acquits a store that is right (seed %i)', async (seed) => {
      const { result, acknowledged, history } = await stagedRun(workload, { seed })
      expect(result.anomalies).toEqual([])
      expect(result.verdict).toBe('valid')
      const { atLeast } = workload.plan({ workers: 1, prefix: 'x/' })
      for (const [f, count] of Object.entries(atLeast))
        expect(acknowledged.get(f), f).toBeGreaterThanOrEqual(count)
      expect(history.events.some(({ type }) => type === 'info')).toBe(true)
    })

    test.for(mistakes[name]!)('convicts one with a %s', async (defect) => {
      const { result } = await stagedRun(workload, { seed: 1, durationMs: CONVICTED_WITHIN_MS, defect })
      expect(result.verdict).toBe('invalid')
    })
  },
)
