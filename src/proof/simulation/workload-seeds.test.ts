import { describe, expect, test } from 'vitest'
import { workloads } from '../workloads/catalogue.ts'
import { runWorkloadSeed } from './run-seed.ts'
import { scenarioDefaults } from './scenario-options.ts'
import { describeSeeds, testSeeds } from './scenarios/test-seeds.ts'

const options = { ...scenarioDefaults, faultPhaseMs: 8_000 }
const cases = workloads.map((workload) => ({ name: workload.name, workload }))

describe.for(cases)('simulated clusters under the workload $name', ({ name, workload }) => {
  test('keep what it is about', { timeout: 120_000 }, async () => {
    const seeds = testSeeds(process.env.DURE_SEED, [1], 1)
    console.log(`${name}: ${describeSeeds(seeds)}`)
    for (const seed of seeds) {
      const report = await runWorkloadSeed(seed, { ...options, workload: name }, workload)
      // A short run may say too little; it must say nothing wrong.
      expect(report.verdict, `seed ${seed}: ${report.failure}`).not.toBe('invalid')
      expect(report.acknowledged).toBeGreaterThan(0)
    }
  })
})

test('a seed under a workload is the same each time', async () => {
  const run = () =>
    runWorkloadSeed(
      3,
      { ...options, faultPhaseMs: 5_000, workload: 'bank' },
      workloads.find(({ name }) => name === 'bank')!,
    )
  expect((await run()).traceHash).toBe((await run()).traceHash)
})
