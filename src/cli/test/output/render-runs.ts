import { formatCount, formatDuration } from '../../output/format.ts'
import type { Style } from '../../output/style.ts'
import { renderTable } from '../../output/table.ts'
import type { FinishedTest } from '../run-test.ts'
import { tones } from './render-test.ts'

/** Several runs beside each other: what each has shown, and how much was done. */
export function renderRuns(runs: readonly Pick<FinishedTest, 'record'>[], style: Style): string {
  const columns = [
    { title: 'WORKLOAD', align: 'left' },
    { title: 'VERDICT', align: 'left' },
    ...(['LENGTH', 'CALLS', 'ACKNOWLEDGED', 'UNKNOWN', 'FAULTS'] as const).map(
      (title) => ({ title, align: 'right' }) as const,
    ),
  ] as const
  const rows = runs.map(({ record: { setup, results } }) => {
    const calls = Object.values(results.calls)
    const sum = (of: (call: (typeof calls)[number]) => number) =>
      formatCount(calls.reduce((total, call) => total + of(call), 0))
    const faults = Object.values(results.faults).reduce((total, count) => total + count, 0)
    return [
      { text: setup.workload.name },
      { text: results.verdict, tone: tones[results.verdict] },
      { text: formatDuration(results.durationMs) },
      { text: sum(({ acknowledged, failed, unknown }) => acknowledged + failed + unknown) },
      { text: sum(({ acknowledged }) => acknowledged) },
      { text: sum(({ unknown }) => unknown) },
      { text: formatCount(faults) },
    ]
  })
  return renderTable(columns, rows, style)
}
