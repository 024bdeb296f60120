import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { countThroughFaults } from '../../../examples/simulate-your-own/scenario.ts'
import { SimulationError } from './simulation-error.ts'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'docs/simulate-your-own.md'), 'utf8')

async function failureOf(run: Promise<unknown>): Promise<SimulationError> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(SimulationError)
  return error as SimulationError
}

describe('the page about simulating your own service', () => {
  test('shows the code that is run here', () => {
    const code = ['counter.ts', 'scenario.ts']
      .map((name) => readFileSync(join(root, 'examples/simulate-your-own', name), 'utf8'))
      .join('\n')
      .replaceAll("'../../src/sim.ts'", "'dure/sim'")
    const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block]) => block!.trim())
    const shown = blocks.filter((block) => block.includes('\n'))
    expect(shown.length).toBe(2)
    for (const block of shown) expect(code).toContain(block)
  })

  test('finds the bug, shows what is printed, and replays it by its seed', async () => {
    const found = await failureOf(countThroughFaults({ seeds: 100 }, 'write'))
    const printed = /```text\n([\s\S]*?)```/.exec(page)![1]!
    for (const line of printed.split('\n')) expect(found.message).toContain(line.trim())
    expect(page).toContain(`{ seed: ${found.seed} }`)
    const again = await failureOf(countThroughFaults({ seed: found.seed }, 'write'))
    expect(again.message).toBe(found.message)
  })

  test('fixes it', async () => {
    expect((await countThroughFaults({ seeds: 100 }, 'writeSynced')).length).toBe(100)
  })
})
