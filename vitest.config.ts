import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Three at a time on two cores: many tests wait for disks, timers and processes more than they compute.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
  },
})
