import { faultKinds } from '../../../proof/chaos/nemesis/cluster-under-test.ts'
import type {
  CallStatistics,
  FaultSpan,
  TestResults,
  TestSetup,
} from '../../../proof/workloads/run/test-record.ts'
import { renderVerdict } from '../../check/render-verdict.ts'
import { formatCount, formatDuration } from '../../output/format.ts'
import type { Style, Tone } from '../../output/style.ts'
import { type Column, renderTable } from '../../output/table.ts'
import { wrap } from '../../output/wrap.ts'
import type { FinishedTest } from '../run-test.ts'

const COLUMNS = 80
const INDENT = '  '

/**
 * A run for a person, in 80 columns: the verdict and why, what became of the calls, which faults struck, and where all
 * of it is.
 */
export function renderTest({ record, result, directory }: FinishedTest, style: Style): string {
  const { setup, results, history } = record
  const verdict = renderVerdict(
    {
      source: subjectOf(setup, results),
      history: { origin: history.origin, events: history.events.length },
      model: setup.workload.name,
      consistency: undefined,
      result: { ...result, verdict: results.verdict, summary: results.summary },
      tookMs: 0,
    },
    { style, columns: COLUMNS },
  )
  const parts = [
    verdict.trimEnd(),
    indented(renderCalls(results.calls, style)),
    ...(results.faultSpans.length === 0 ? [] : [indented(renderFaults(results, style))]),
    indented(
      lines(
        [
          ['report', directory.at('index.html')],
          ['history', directory.at('history.jsonl')],
          ['check', setup.checkCommand ?? ''],
          ['again', setup.replayCommand],
        ],
        style,
      ),
    ),
  ]
  return `${parts.join('\n\n')}\n`
}

function subjectOf(setup: TestSetup, { durationMs, isInterrupted }: TestResults): string {
  const nodes = setup.nodes.length === 1 ? '1 node' : `${setup.nodes.length} nodes`
  const ended = isInterrupted ? 'interrupted after' : 'in'
  return `${setup.workload.name} on ${setup.engine}, ${nodes}, ${ended} ${formatDuration(durationMs)}`
}

const right = (title: string): Column => ({ title, align: 'right' })
const left = (title: string): Column => ({ title, align: 'left' })

function renderCalls(calls: Readonly<Record<string, CallStatistics>>, style: Style): string {
  const columns = [
    left('FUNCTION'),
    ...['ACKNOWLEDGED', 'FAILED', 'UNKNOWN', 'P50', 'P99', 'LONGEST'].map(right),
  ]
  const rows = Object.entries(calls).map(([f, { acknowledged, failed, unknown, latencyMs }]) => [
    { text: f },
    { text: formatCount(acknowledged), tone: (acknowledged === 0 ? 'warn' : 'plain') as Tone },
    { text: formatCount(failed) },
    { text: formatCount(unknown) },
    ...(latencyMs === undefined
      ? []
      : [latencyMs.median, latencyMs.p99, latencyMs.greatest].map((ms) => ({ text: formatLatency(ms) }))),
  ])
  return renderTable(columns, rows, style)
}

function renderFaults({ faultSpans, faults, durationMs }: TestResults, style: Style): string {
  const columns = [left('FAULT'), right('STRUCK'), right('IN FORCE'), left('SUCH AS')]
  const rows = faultKinds.flatMap((kind) => {
    const spans = faultSpans.filter((span) => span.kind === kind)
    if (spans.length === 0) return []
    return [
      [
        { text: kind },
        { text: formatCount(faults[kind] ?? 0) },
        { text: formatDuration(spans.reduce((sum, span) => sum + lengthOf(span, durationMs), 0)) },
        { text: examples(spans), tone: 'quiet' as Tone },
      ],
    ]
  })
  const failed = faultSpans.filter(({ error }) => error !== undefined)
  const note =
    failed.length === 0
      ? ''
      : style(
          'warn',
          `${failed.length} did not go as they should, for example ${failed[0]!.kind}: ${failed[0]!.error}\n`,
        )
  return renderTable(columns, rows, style) + note
}

const lengthOf = ({ beginMs, endMs }: FaultSpan, durationMs: number): number =>
  (endMs ?? durationMs) - beginMs

const EXAMPLES_CHARACTERS = 44

function examples(spans: readonly FaultSpan[]): string {
  const all = [...new Set(spans.map(({ described }) => described))]
  const shown: string[] = []
  for (const described of all) {
    if ([...shown, described].join(' · ').length > EXAMPLES_CHARACTERS) break
    shown.push(described)
  }
  return shown.length < all.length ? `${shown.join(' · ')} …` : shown.join(' · ')
}

/** `0.84 ms`, `12 ms`, `1.2 s`. */
export function formatLatency(ms: number): string {
  if (ms >= 1_000) return formatDuration(ms)
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`
}

function lines(named: readonly (readonly [string, string])[], style: Style): string {
  return named
    .map(
      ([name, text]) =>
        `${style('quiet', name.padEnd(7))}  ${pasteable(text, COLUMNS - 2 * INDENT.length - 9)}`,
    )
    .join('\n')
}

/** A long command goes on over lines, as a shell takes it. */
function pasteable(command: string, columns: number): string {
  return wrap(command, columns).join(' \\\n           ')
}

const indented = (text: string): string => text.trimEnd().replaceAll(/^/gm, INDENT)
