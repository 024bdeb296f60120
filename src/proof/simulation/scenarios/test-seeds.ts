import { NodeRandom } from '../../../runtime/node/node-random.ts'

const FIXED_SEEDS = [1, 2, 3]
const SEED_MAX = 2 ** 32 - 1

/**
 * The seeds of a test: some that never change and one that is fresh. `DURE_SEED` names the only one, to see a failure
 * again, or a range of them, as in `1-500`.
 *
 * ```ts
 * const seeds = testSeeds(process.env.DURE_SEED)
 * console.log(describeSeeds(seeds))
 * ```
 */
export function testSeeds(
  asked: string | undefined,
  fixed: readonly number[] = FIXED_SEEDS,
  fresh = 1,
): readonly number[] {
  if (asked !== undefined && asked !== '') {
    const [first, last = first] = asked.split('-').map(Number)
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i)
  }
  const random = new NodeRandom()
  return [...fixed, ...Array.from({ length: fresh }, () => random.integer(1, SEED_MAX))]
}

export const describeSeeds = (seeds: readonly number[]): string =>
  `seeds ${seeds.join(' ')} (DURE_SEED=<seed> runs one of them again)`
