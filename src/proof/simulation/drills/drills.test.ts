import { describe, expect, test } from 'vitest'
import { describeSeeds, testSeeds } from '../scenarios/test-seeds.ts'
import { conflictingLog } from './conflicting-log.ts'
import { type Drill, runDrill } from './drill.ts'
import { majorityElects } from './majority-elects.ts'
import { partialConnectivity } from './partial-connectivity.ts'
import { saturatedLeader } from './saturated-leader.ts'
import { slowDisk } from './slow-disk.ts'
import { snapshotReplacesMemory } from './snapshot-replaces-memory.ts'
import { votesOnTheirWay } from './votes-on-their-way.ts'

const drills: readonly Drill[] = [
  conflictingLog,
  partialConnectivity,
  saturatedLeader,
  slowDisk,
  snapshotReplacesMemory,
  votesOnTheirWay,
]

const ELECTIONS = 12

describe('one thing goes wrong, alone', { timeout: 120_000 }, () => {
  const seeds = testSeeds(process.env.DURE_SEED)
  test.for(drills.map((drill) => [drill.name, drill] as const))('%s', ([, drill]) => {
    console.log(describeSeeds(seeds))
    for (const seed of seeds) {
      const { verdict, failure } = runDrill(drill, seed)
      expect(verdict, failure).toBe('valid')
    }
  })

  // Always the same: votes that are split cost another timeout, once in many hundred elections.
  test(majorityElects.name, () => {
    for (let seed = 1; seed <= ELECTIONS; seed++) {
      const { verdict, failure } = runDrill(majorityElects, seed)
      expect(verdict, failure).toBe('valid')
    }
  })
})
