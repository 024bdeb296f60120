import type { Anomaly, Verdict } from '../../proof/verify/verdict/verdict.ts'
import { formatBytes, formatCount, formatDuration } from '../output/format.ts'
import { printable, type Style, type Tone } from '../output/style.ts'
import { wrap } from '../output/wrap.ts'
import type { CheckedHistory } from './checked-history.ts'

/** Where the text of a verdict begins: after `invalid  `, and `valid` and `unknown` take as much. */
const INDENT = '         '
/** Drawings are wide. */
const DRAWING_INDENT = '  '
const COLUMNS_MIN = 40
const COLUMNS_MAX = 100
const ANOMALIES_SHOWN_MAX = 5

const tones: Readonly<Record<Verdict, Tone>> = { valid: 'good', invalid: 'bad', unknown: 'warn' }

export interface VerdictLayout {
  readonly style: Style
  /** Of the terminal; 80 unless known. */
  readonly columns: number
}

/**
 * What a checker found, for a person: the verdict in a sentence, then each anomaly with its picture.
 *
 * ```
 * invalid  The register's history is not linearizable: 2 operations cannot be ordered.
 *          register.log: 170 events, read as jepsen-log, checked as cas-register
 * ```
 */
export function renderVerdict(checked: CheckedHistory, { style, columns }: VerdictLayout): string {
  const { result } = checked
  const width = Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, columns)) - INDENT.length
  const lines = [
    ...beside(style(tones[result.verdict], result.verdict), result.verdict, sentences(result.summary, width)),
    ...sentences(whatWasChecked(checked), width).map((line) => INDENT + style('quiet', line)),
  ]
  for (const anomaly of mostTelling(result.anomalies)) {
    lines.push('', ...renderAnomaly(anomaly, result.summary, width, style))
  }
  // A checker counts all that it finds, in its first sentence, and tells of the first of each kind.
  const left = result.anomalies.length - ANOMALIES_SHOWN_MAX
  if (left > 0) lines.push('', INDENT + style('quiet', `--json tells of ${formatCount(left)} more`))
  if (result.verdict === 'unknown') lines.push('', INDENT + style('quiet', whatWasSpent(checked)))
  return `${lines.join('\n')}\n`
}

/** The first of each kind before the second of any, in the order in which they were found. */
function mostTelling(anomalies: readonly Anomaly[]): readonly Anomaly[] {
  const first = new Map(anomalies.toReversed().map((anomaly) => [anomaly.name, anomaly]))
  const isFirst = (anomaly: Anomaly): boolean => first.get(anomaly.name) === anomaly
  const others = anomalies.filter((anomaly) => !isFirst(anomaly))
  const shown = new Set([...anomalies.filter(isFirst), ...others].slice(0, ANOMALIES_SHOWN_MAX))
  return anomalies.filter((anomaly) => shown.has(anomaly))
}

function renderAnomaly(
  { name, explanation, drawing }: Anomaly,
  summary: string,
  width: number,
  style: Style,
): string[] {
  // Of one anomaly alone the first sentence says it all, and stands above already.
  const rest = explanation.startsWith(`${summary}\n`) ? explanation.slice(summary.length + 1) : explanation
  const lines = [
    INDENT + style('strong', printable(name)),
    ...sentences(rest, width).map((line) => INDENT + line),
  ]
  if (drawing !== undefined) {
    const drawn = drawing.trimEnd().split('\n')
    lines.push('', ...drawn.map((line) => DRAWING_INDENT + printable(line).trimEnd()))
  }
  return lines
}

function whatWasChecked({ source, history, model, consistency }: CheckedHistory): string {
  const read =
    history === undefined ? '' : `${formatCount(history.events)} events, read as ${history.format}, `
  const as = consistency === undefined ? model : `${model} for ${consistency}`
  const pairs = history?.keyed ? ', values taken as [key value] pairs' : ''
  return `${source}: ${read}checked as ${as}${pairs}`
}

function whatWasSpent({ result: { spent }, tookMs }: CheckedHistory): string {
  return `${formatDuration(tookMs)}, ${formatCount(spent.steps)} steps, ${formatBytes(spent.memoryBytes)} of memory`
}

/** What others wrote cannot steer the terminal, and long lines are broken. */
const sentences = (text: string, width: number): string[] => wrap(text, width).map(printable)

function beside(styled: string, word: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => (i === 0 ? `${styled}${INDENT.slice(word.length)}${line}` : INDENT + line))
}
