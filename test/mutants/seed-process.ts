// Runs seeds on a copy of the source until one fails, in a process of its own: `seed-process.ts JSON`.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FaultKind } from '../../src/proof/simulation/scenario-options.ts'
import type { ScenarioName } from './mutant.ts'

export interface SeedOrder {
  readonly root: string
  readonly scenario: ScenarioName
  readonly seeds: readonly number[]
  readonly without: readonly FaultKind[]
  /** No seed begins after so long. */
  readonly withinMs: number
}

export interface SeedOutcome {
  readonly tried: number
  /** Of all seeds that were tried. */
  readonly virtualMs: number
  readonly found: { readonly seed: number; readonly broken: string } | undefined
}

interface Report {
  readonly verdict: string
  readonly broken: string | undefined
  readonly virtualMs: number
}

const order = JSON.parse(process.argv[2]!) as SeedOrder
const { seeds, withinMs } = order
const run = await load(order)
const endMs = performance.now() + withinMs
let tried = 0
let virtualMs = 0
let found: SeedOutcome['found']
for (const seed of seeds) {
  if (performance.now() > endMs) break
  const report = run(seed)
  tried++
  virtualMs += report.virtualMs
  if (report.verdict === 'invalid') {
    found = { seed, broken: report.broken ?? 'unnamed' }
    break
  }
}
const outcome: SeedOutcome = { tried, virtualMs, found }
process.stdout.write(`${JSON.stringify(outcome)}\n`)

async function load({ root, scenario, without }: SeedOrder): Promise<(seed: number) => Report> {
  const take = (path: string) => import(pathToFileURL(join(root, 'src/proof/simulation', path)).href)
  switch (scenario) {
    case 'standing': {
      const { runSeed } = await take('run-seed.ts')
      const { scenarioDefaults } = await take('scenario-options.ts')
      return (seed) => runSeed(seed, { ...scenarioDefaults, without })
    }
    case 'conflicting log':
    case 'partial connectivity':
    case 'saturated leader':
    case 'slow disk':
    case 'snapshot replaces memory':
    case 'votes on their way': {
      const { runDrill } = await take('drills/drill.ts')
      const drills = await take(`drills/${scenario.replaceAll(' ', '-')}.ts`)
      const [drill] = Object.values(drills)
      return (seed) => runDrill(drill, seed, without)
    }
  }
}
