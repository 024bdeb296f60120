import type { CheckResult } from '../verify/verdict/verdict.ts'
import type { TestRecord } from '../workloads/run/test-record.ts'
import type { ReportOperation } from './history/report-operation.ts'

/** What every section of a report looks at. */
export interface ReportSubject {
  readonly record: TestRecord
  /** What the checker said, with more than the record keeps; undefined where that is not at hand. */
  readonly checked: CheckResult | undefined
  readonly operations: readonly ReportOperation[]
  /** When the first event was; all times that a page shows count from here. */
  readonly startMs: number
  /** The operation that an event began or ended. */
  readonly operationOf: (event: number) => ReportOperation | undefined
}

export function reportSubject(
  record: TestRecord,
  checked: CheckResult | undefined,
  operations: readonly ReportOperation[],
): ReportSubject {
  const byEvent = new Map<number, ReportOperation>()
  for (const operation of operations) {
    byEvent.set(operation.call, operation)
    if (operation.end !== undefined) byEvent.set(operation.end, operation)
  }
  const startMs = Math.min(
    (operations[0]?.callNs ?? 0) / 1e6,
    ...record.results.faultSpans.map(({ beginMs }) => beginMs),
  )
  return { record, checked, operations, startMs, operationOf: (event) => byEvent.get(event) }
}
