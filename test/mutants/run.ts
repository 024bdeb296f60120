// `node bin/run.js test/mutants/run.ts [--only 04] [--seeds-max 2000] [--minutes 5] [--record]`
import { parseArgs } from 'node:util'
import { hunt, median, seedsFrom } from './hunt.ts'
import { type Mutant, readMutants } from './mutant.ts'
import { makeCopy } from './mutated-copy.ts'
import { describeResult, isFound, type MutantResult, record } from './result.ts'

const MASTERS = [1, 2, 3, 4, 5]
const CONTROL_SEEDS_MIN = 30
const AT_ONCE = 2

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    'seeds-max': { type: 'string', default: '2000' },
    /** Of each mutant and each master seed, at most. */
    minutes: { type: 'string', default: '5' },
    'no-control': { type: 'boolean', default: false },
    /** Into docs/mutants.json and docs/mutants.md. */
    record: { type: 'boolean', default: false },
  },
})

const seedsMax = Number(options['seeds-max'])
const withinMs = Number(options.minutes) * 60_000
const mutants = readMutants()
const asked = mutants.filter(
  ({ number, name }) => options.only?.some((part) => `${number}-${name}`.startsWith(part)) ?? true,
)
const startedMs = performance.now()
const results: MutantResult[] = []
for (const mutant of asked) {
  const result = await examine(mutant)
  results.push(result)
  process.stdout.write(`${describeResult(result, mutant)}\n`)
  if (options.record) record(results, mutants)
}
const tookSeconds = Math.round((performance.now() - startedMs) / 1_000)
process.stdout.write(`${tookSeconds} s in all\n`)
process.exitCode = results.every((result) => isFound(result) && (result.control?.found ?? null) === null)
  ? 0
  : 1

/** From each master seed until it is found; then with the responsible faults switched off, to see that it is not. */
async function examine(mutant: Mutant): Promise<MutantResult> {
  const { number, name, scenario, faults, patch } = mutant
  const copy = makeCopy(patch)
  const order = { root: copy.root, scenario, withinMs }
  try {
    const hunts = await inTurns(MASTERS, (master) =>
      hunt({ ...order, seeds: seedsFrom(master, seedsMax), without: [] }),
    )
    const middle = median(hunts.map(({ tried, found }) => (found ? tried : Number.POSITIVE_INFINITY)))
    const facts = {
      number,
      name,
      seeds: hunts.map(({ tried, found }) => (found === undefined ? null : tried)),
      medianSeeds: Number.isFinite(middle) ? middle : null,
      medianVirtualMs: Math.round(median(hunts.map(({ virtualMs }) => virtualMs))),
      broken: [...new Set(hunts.flatMap(({ found }) => found?.broken ?? []))],
    }
    if (options['no-control'] || !Number.isFinite(middle)) return { ...facts, control: undefined }
    const controlSeeds = Math.max(CONTROL_SEEDS_MIN, 3 * middle)
    const halves = await inTurns([6, 7], (master) =>
      hunt({
        ...order,
        seeds: seedsFrom(master, Math.ceil(controlSeeds / 2)),
        without: faults,
        // So many are promised, however slow the machine.
        withinMs: 4 * withinMs,
      }),
    )
    const found = halves.find((half) => half.found !== undefined)?.found ?? null
    return { ...facts, control: { seeds: halves.reduce((sum, { tried }) => sum + tried, 0), found } }
  } finally {
    copy.remove()
  }
}

/** All of them, `AT_ONCE` side by side, answers in order. */
async function inTurns<Item, Answer>(
  items: readonly Item[],
  work: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = new Array(items.length)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++
      answers[at] = await work(items[at]!)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return answers
}
