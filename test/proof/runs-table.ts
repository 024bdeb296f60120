import { type FaultKind, faultKinds } from '../../src/proof/chaos/nemesis/cluster-under-test.ts'
import type { TestResults, TestSetup } from '../../src/proof/workloads/run/test-record.ts'

/** One line of what `dure test --json` prints. */
export type Run = TestSetup & TestResults

const BEGIN = '<!-- runs: written by test/proof/write-runs.ts -->'
const END = '<!-- runs end -->'

/** The page with these runs in its table, in the place of those that were there. */
export function withRuns(page: string, runs: readonly Run[]): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined)
    throw new Error(`the page has no place for runs: ${BEGIN} … ${END}`)
  return `${before}${BEGIN}\n${runsTable(runs)}${END}${after}`
}

function runsTable(runs: readonly Run[]): string {
  const head = [
    '| workload | verdict | length | acknowledged | unknown | faults that struck |',
    '| --- | --- | --- | --- | --- | --- |',
  ]
  return [...head, ...runs.map(row), ''].join('\n')
}

function row({ workload, verdict, durationMs, calls, faults, nodes }: Run): string {
  const acknowledged = Object.entries(calls).map(
    ([f, call]) => `${call.acknowledged.toLocaleString('en')} ${f}`,
  )
  const unknown = Object.values(calls).reduce((sum, call) => sum + call.unknown, 0)
  const struck = faultKinds.flatMap((kind: FaultKind) =>
    faults[kind] === undefined ? [] : [`${faults[kind]} ${kind}`],
  )
  const length = `${Math.round(durationMs / 1_000)} s, ${nodes.length} nodes`
  return `| ${[workload.name, verdict, length, acknowledged.join(', '), unknown, struck.join(', ') || 'none'].join(' | ')} |`
}
