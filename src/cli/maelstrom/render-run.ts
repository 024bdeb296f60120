import type { MaelstromRun } from '../../proof/maelstrom/run/run-maelstrom-test.ts'
import { renderAnomaly } from '../check/render-verdict.ts'
import { printable, type Style, type Tone } from '../output/style.ts'
import { renderTable } from '../output/table.ts'
import { wrap } from '../output/wrap.ts'

export interface RunLayout {
  readonly style: Style
  readonly columns: number
}

const tones: Readonly<Record<MaelstromRun['verdict'], Tone>> = {
  valid: 'good',
  invalid: 'bad',
  unknown: 'warn',
}
const ANOMALIES_SHOWN_MAX = 3

/** What a run showed, for a person: how it went, and the verdict last, where the eye is. */
export function renderRun(run: MaelstromRun, path: string, { style, columns }: RunLayout): string {
  const width = Math.min(100, Math.max(40, columns)) - INDENT.length
  const verdict = style(tones[run.verdict], run.verdict)
  const [first = '', ...rest] = wrap(run.summary, width).map(printable)
  const lines = [
    `${verdict}${INDENT.slice(run.verdict.length)}${first}`,
    ...rest.map((line) => INDENT + line),
    ...run.problems
      .slice(0, 1)
      .flatMap(({ details }) => details.split('\n').map((line) => INDENT + printable(line))),
    ...(run.problems.length > 0 ? [] : (run.result?.anomalies ?? []).slice(0, ANOMALIES_SHOWN_MAX)).flatMap(
      (anomaly) => ['', ...renderAnomaly(anomaly, run.summary, width, style)],
    ),
    '',
    INDENT + style('quiet', path),
  ]
  return `\n${tables(run, style)}\n${lines.join('\n')}\n`
}

const INDENT = '         '

function tables(
  { operations, messages, messagesPerOperation, availability, faults }: MaelstromRun,
  style: Style,
): string {
  const right = (title: string) => ({ title, align: 'right' }) as const
  const left = (title: string) => ({ title, align: 'left' }) as const
  const number = (value: number | undefined) => ({
    text: value === undefined ? '' : Math.round(value).toLocaleString('en'),
  })
  const short = (value: number | undefined) => ({
    text: value === undefined ? '' : value.toFixed(value < 10 ? 1 : 0),
  })
  const calls = renderTable(
    [
      left('CALLS'),
      right('COUNT'),
      right('OK'),
      right('FAIL'),
      right('INFO'),
      right('MEDIAN MS'),
      right('P99 MS'),
      right('MAX MS'),
    ],
    Object.entries(operations.byFunction).map(([f, { count, ok, fail, info, latencyMs }]) => [
      { text: f },
      ...[count, ok, fail, info].map(number),
      ...[latencyMs?.median, latencyMs?.p99, latencyMs?.greatest].map(short),
    ]),
    style,
  )
  const net = renderTable(
    [left('MESSAGES'), right('SENT'), right('RECEIVED'), right('PER CALL')],
    [
      [
        { text: 'all' },
        number(messages.all.sent),
        number(messages.all.received),
        short(messagesPerOperation?.all),
      ],
      [{ text: 'clients' }, number(messages.clients.sent), number(messages.clients.received), { text: '' }],
      [
        { text: 'servers' },
        number(messages.servers.sent),
        number(messages.servers.received),
        short(messagesPerOperation?.servers),
      ],
    ],
    style,
  )
  const struck = [...faults].map(([kind, count]) => `${kind} ${count} ×`).join(', ')
  const part = `${Math.floor(availability.found * 1_000) / 10} % of the calls were acknowledged`
  return `${calls}\n${net}\n${part}${struck === '' ? '' : `; faults: ${struck}`}\n`
}
