import { unreachable } from '../../../foundation/assert.ts'
import type { Random } from '../../../runtime/random.ts'

/** How long messages between nodes take: always the mean, from 0 to twice the mean, or mostly short and sometimes long. */
export const latencyDistributions = ['constant', 'uniform', 'exponential'] as const
export type LatencyDistribution = (typeof latencyDistributions)[number]

export function drawLatencyMs(distribution: LatencyDistribution, meanMs: number, random: Random): number {
  if (meanMs === 0) return 0
  switch (distribution) {
    case 'constant':
      return meanMs
    case 'uniform':
      return 2 * meanMs * random.next()
    case 'exponential':
      return -Math.log(1 - random.next()) * meanMs
    default:
      return unreachable(distribution)
  }
}
