import { callCases } from './call-cases.ts'
import { commitCases } from './commit-cases.ts'
import { concurrencyCases } from './concurrency-cases.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { disturbanceCases } from './disturbance-cases.ts'
import { leaseCases } from './lease-cases.ts'
import { rangeCases } from './range-cases.ts'
import { singleKeyCases } from './single-key-cases.ts'
import { timeToLiveCases } from './time-to-live-cases.ts'
import { watchCases } from './watch-cases.ts'
import { watchEndCases } from './watch-end-cases.ts'

/**
 * What every engine of the key-value port must do. No runner is needed: `runCases` gives a verdict on each. In a runner,
 *
 * ```ts
 * for (const { name, run } of cases) {
 *   test(name, () => run({ open: () => connect(cluster), prefix: `${randomUUID()}/`, clock }))
 * }
 * ```
 */
export const cases: readonly ConformanceCase[] = [
  ...singleKeyCases,
  ...commitCases,
  ...rangeCases,
  ...callCases,
  ...concurrencyCases,
  ...watchCases,
  ...watchEndCases,
  ...timeToLiveCases,
  ...leaseCases,
  ...disturbanceCases,
]
