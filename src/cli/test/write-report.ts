import type { CheckResult } from '../../proof/verify/verdict/verdict.ts'
import type { TestRecord } from '../../proof/workloads/run/test-record.ts'
import type { RunDirectory } from './store/run-directory.ts'

/** The page of a run, `index.html` in its directory. */
export async function writeReport(
  directory: RunDirectory,
  record: TestRecord,
  checked: CheckResult,
): Promise<void> {
  const { renderReport } = await import('../../proof/report/render-report.ts')
  directory.writeReport(renderReport(record, checked))
}
