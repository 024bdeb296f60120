import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { runLives } from './testing/storage-lives.ts'
import { syncCallSites } from './testing/sync-call-sites.ts'

/**
 * Removes each sync of the storage in turn and sees that something breaks: that data is lost, or, where a sync comes early
 * so that no later one has to carry its bytes, that a batch has to.
 */
const sites = syncCallSites(join(import.meta.dirname, '../..'))
const SEEDS = 150
/** Where a batch was held up but nothing was lost in so many, the former is what the sync is for. */
const SEEDS_FOR_LOSS = 150
/** A removed sync that does no harm in so many is one that nothing needs. */
const SEEDS_MAX = 1_500

const seen = new Set<string>()

beforeAll(async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { syncsSeen, lost, carried } = await runLives(seed)
    expect({ seed, lost, carried }).toEqual({ seed, lost: undefined, carried: undefined })
    for (const site of syncsSeen.keys()) seen.add(site)
  }
})

test('every sync is asked for, and each place asks once', () => {
  expect([...seen].sort()).toEqual(sites.toSorted())
})

test.for(sites)('without the sync at %s something breaks', async (site) => {
  let found: string | undefined
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { lost, carried } = await runLives(seed, site)
    if (lost !== undefined) {
      found = `seed ${seed}: ${lost}`
      break
    }
    if (carried !== undefined) found ??= `seed ${seed}: ${carried}`
    if (found !== undefined && seed >= SEEDS_FOR_LOSS) break
  }
  if (found === undefined) {
    expect.fail(
      `nothing broke in ${SEEDS_MAX} seeds: either nothing needs this sync, or this test is too weak`,
    )
  }
  console.info(`without ${site}, ${found.slice(0, 160)}`)
})
