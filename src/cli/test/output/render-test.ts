import { faultKinds } from '../../../proof/chaos/nemesis/cluster-under-test.ts'
import type { CheckResult, Verdict } from '../../../proof/verify/verdict/verdict.ts'
import type {
  CallStatistics,
  FaultSpan,
  TestRecord,
  TestResults,
  TestSetup,
} from '../../../proof/workloads/run/test-record.ts'
import { renderVerdict } from '../../check/render-verdict.ts'
import { formatCount, formatDuration } from '../../output/format.ts'
import { printable, type Style, type Tone } from '../../output/style.ts'
import { type Column, renderTable } from '../../output/table.ts'
import { wrap } from '../../output/wrap.ts'
import type { FinishedTest } from '../run-test.ts'

const COLUMNS = 80
const INDENT = '  '
/** `invalid` and two spaces. */
const VERDICT_WIDTH = 9

export const tones: Readonly<Record<Verdict, Tone>> = { valid: 'good', invalid: 'bad', unknown: 'warn' }

/**
 * A run for a person, in 80 columns: the verdict and why, what became of the calls, which faults struck, and where all
 * of it is.
 */
export function renderTest({ record, result, directory }: FinishedTest, style: Style): string {
  const { setup, results } = record
  const parts = [
    renderJudgement(record, result, style),
    ...(Object.keys(results.calls).length === 0 ? [] : [indented(renderCalls(results.calls, style))]),
    ...(results.faultSpans.length === 0 ? [] : [indented(renderFaults(results, style))]),
    indented(
      lines(
        [
          ['report', directory.at('index.html')],
          ['history', directory.at('history.jsonl')],
          ...(setup.checkCommand === undefined ? [] : [['check', setup.checkCommand] as const]),
          ['again', setup.replayCommand],
        ],
        style,
      ),
    ),
  ]
  return `${parts.join('\n\n')}\n`
}

/** As `dure check` says it, where there is something to explain. */
function renderJudgement({ setup, results, history }: TestRecord, result: CheckResult, style: Style): string {
  const { verdict, summary } = results
  if (result.anomalies.length > 0) {
    const checked = {
      source: subjectOf(setup, results),
      history: {
        format: 'dure',
        origin: history.origin,
        events: history.events.length,
        keyed: false,
      } as const,
      model: setup.workload.name,
      consistency: undefined,
      result: { ...result, verdict, summary },
      tookMs: 0,
    }
    return renderVerdict(checked, { style, columns: COLUMNS }).trimEnd()
  }
  const text = [
    ...wrap(summary, COLUMNS - VERDICT_WIDTH).map(printable),
    style('quiet', `${subjectOf(setup, results)}, ${formatCount(history.events.length)} events`),
  ]
  const head = style(tones[verdict], verdict) + ' '.repeat(VERDICT_WIDTH - verdict.length)
  return head + text.join(`\n${' '.repeat(VERDICT_WIDTH)}`)
}

function subjectOf(setup: TestSetup, { durationMs, isInterrupted }: TestResults): string {
  const count = setup.nodes.length
  const nodes = count === 0 ? '' : count === 1 ? ' 1 node,' : ` ${count} nodes,`
  const ended = isInterrupted ? 'interrupted after' : 'in'
  return `${setup.workload.name} on ${setup.engine},${nodes} ${ended} ${formatDuration(durationMs)}`
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
  if (failed.length === 0) return renderTable(columns, rows, style)
  const [{ kind, error } = { kind: '', error: '' }] = failed
  const note = `${failed.length} did not go as they should, for example ${kind}: ${error}`
  const said = wrap(note, COLUMNS - INDENT.length).map((line) => style('warn', printable(line)))
  return `${renderTable(columns, rows, style)}${said.join('\n')}`
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
