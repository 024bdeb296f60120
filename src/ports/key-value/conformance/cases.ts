import { callCases } from './call-cases.ts'
import { commitCases } from './commit-cases.ts'
import { concurrencyCases } from './concurrency-cases.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { rangeCases } from './range-cases.ts'
import { singleKeyCases } from './single-key-cases.ts'

/**
 * What every engine of the key-value port must do. No runner is needed:
 *
 * ```ts
 * for (const { name, run } of cases) {
 *   test(name, () => run({ open: () => connect(cluster), prefix: `${randomUUID()}/` }))
 * }
 * ```
 */
export const cases: readonly ConformanceCase[] = [
  ...singleKeyCases,
  ...commitCases,
  ...rangeCases,
  ...callCases,
  ...concurrencyCases,
]
