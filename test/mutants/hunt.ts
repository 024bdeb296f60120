import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import type { SeedOrder, SeedOutcome } from './seed-process.ts'

const SEED_MAX = 2 ** 32 - 1
/** A seed of a mutant may never end. */
const GRACE_MS = 120_000

/** The seeds that follow from a master seed: the same on every machine. */
export function seedsFrom(master: number, count: number): number[] {
  const random = new SeededRandom(master)
  return Array.from({ length: count }, () => random.integer(1, SEED_MAX))
}

/** Runs seeds in a process of their own until one fails or all have passed. */
export function hunt(order: SeedOrder): Promise<SeedOutcome> {
  const script = fileURLToPath(new URL('./seed-process.ts', import.meta.url))
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', script, JSON.stringify(order)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: order.withinMs + GRACE_MS,
      },
    )
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(JSON.parse(output) as SeedOutcome)
      // It stopped on an error that no seed may cause, or it never came back.
      const broken =
        signal === null ? 'the simulator itself failed' : 'a seed did not end in any reasonable time'
      resolve({ tried: 1, virtualMs: 0, found: { seed: order.seeds[0]!, broken } })
    })
  })
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)]!
}
