import { describe, expect, test } from 'vitest'
import { describeSeeds, testSeeds } from '../scenarios/test-seeds.ts'
import { conflictingLog } from './conflicting-log.ts'
import { type Drill, runDrill } from './drill.ts'
import { partialConnectivity } from './partial-connectivity.ts'
import { slowDisk } from './slow-disk.ts'

const drills: readonly Drill[] = [conflictingLog, partialConnectivity, slowDisk]

describe('one thing goes wrong, alone', () => {
  const seeds = testSeeds(process.env.DURE_SEED)
  test.for(drills.map((drill) => [drill.name, drill] as const))('%s', ([, drill]) => {
    console.log(describeSeeds(seeds))
    for (const seed of seeds) {
      const { verdict, failure } = runDrill(drill, seed)
      expect(verdict, failure).toBe('valid')
    }
  })
})
