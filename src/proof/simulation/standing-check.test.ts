import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runSeed, type SeedReport } from './run-seed.ts'
import { standingMinimum } from './scenario.ts'
import { describeSeeds, testSeeds } from './scenarios/test-seeds.ts'
import { TallyKeeper } from './tally.ts'

const FIXED = Array.from({ length: 12 }, (_, i) => i + 1)
const FRESH = 4
const MORE_MAX = 24
const VIRTUAL_MS_MIN = 60_000

describe('the standing check', { timeout: 600_000 }, () => {
  test('whatever goes wrong with networks, disks, processes and clocks, clients see one copy', () => {
    const seeds = testSeeds(process.env.DURE_SEED, FIXED, FRESH)
    console.log(describeSeeds(seeds))
    const keeper = new TallyKeeper()
    for (const seed of seeds) keeper.add(standingRun(seed))
    // One seed alone need not come everywhere. A path that many seeds missed by chance gets a few more; one that nothing
    // leads to any more stays at zero.
    const isWhole = seeds.length >= FIXED.length + FRESH
    for (let more = 0; isWhole && more < MORE_MAX && keeper.tally.unreached.length > 0; more++) {
      const [seed] = testSeeds(undefined, [])
      console.log(`seed ${seed} more: nothing reached ${keeper.tally.unreached.join(', ')}`)
      keeper.add(standingRun(seed!))
    }
    const { tally } = keeper
    console.log(
      [
        `${tally.seeds} seeds, ${Math.round(tally.virtualMs / 1_000)} virtual seconds, ${tally.operations} operations, ${tally.acknowledged} acknowledged, ${tally.events} events`,
        `faults: ${describeCounts(tally.faults)}`,
        `marks: ${describeCounts(tally.marks)}`,
      ].join('\n'),
    )
    if (isWhole) expect(tally.unreached, 'marked paths that nothing reached').toEqual([])
  })

  test('a seed tells the same story in every process, time zone, locale and directory', () => {
    const [seoul, newfoundland] = [
      hashOf(7, { TZ: 'Asia/Seoul', LANG: 'ko_KR.UTF-8', LC_ALL: 'ko_KR.UTF-8' }, tmpdir()),
      hashOf(7, { TZ: 'America/St_Johns', LANG: 'tr_TR.UTF-8', LC_ALL: 'C' }, import.meta.dirname),
    ]
    expect(seoul).toMatch(/^valid [0-9a-f]{16}$/)
    expect(newfoundland).toBe(seoul)
  })

  test('another seed tells another story', () => {
    const options = { nodeCount: 3, faultPhaseMs: 2_000, operationsPerSecond: 50 }
    expect(runSeed(1, options).traceHash).not.toBe(runSeed(2, options).traceHash)
  })
})

/** One seed, and that it was hard enough. */
function standingRun(seed: number): SeedReport {
  const report = runSeed(seed)
  expect(report.verdict, report.failure).toBe('valid')
  const { operations, crashes, partitions, diskFaults } = standingMinimum
  expect(report.virtualMs, `virtual time of seed ${seed}`).toBeGreaterThanOrEqual(VIRTUAL_MS_MIN)
  expect(report.operations, `operations of seed ${seed}`).toBeGreaterThanOrEqual(operations)
  expect(report.faults.crashes, `crashes of seed ${seed}`).toBeGreaterThanOrEqual(crashes)
  expect(report.faults.partitions, `cuts of seed ${seed}`).toBeGreaterThanOrEqual(partitions)
  expect(report.faults.diskFaults, `disk faults of seed ${seed}`).toBeGreaterThanOrEqual(diskFaults)
  return report
}

const describeCounts = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')

/** A whole seed in a process of its own: the hash of everything that happened in it. */
function hashOf(seed: number, environment: Record<string, string>, directory: string): string {
  const module = pathToFileURL(join(import.meta.dirname, 'run-seed.ts')).href
  const script = `
    const { runSeed } = await import(${JSON.stringify(module)})
    const { verdict, traceHash } = runSeed(${seed})
    console.log(verdict, traceHash)`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: directory,
    env: { PATH: process.env.PATH, ...environment },
    encoding: 'utf8',
  })
  return output.trim()
}
