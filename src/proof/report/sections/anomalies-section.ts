import type { LinearizabilityResult } from '../../verify/linearizability/linearizability-result.ts'
import type { Witness, WitnessOperation } from '../../verify/linearizability/witness/witness.ts'
import type { TransactionsResult } from '../../verify/transactions/check-transactions.ts'
import type { Cycle } from '../../verify/transactions/cycles/cycle.ts'
import type { Anomaly, CheckResult } from '../../verify/verdict/verdict.ts'
import type { FaultSpan } from '../../workloads/run/test-record.ts'
import { CYCLE_EDGES_MAX, drawCycle, meaningOf } from '../drawing/draw-cycle.ts'
import { drawSpaceTime } from '../drawing/draw-space-time.ts'
import type { DrawnOperation } from '../drawing/space-time.ts'
import { describeOperation } from '../history/describe-operation.ts'
import type { ReportOperation } from '../history/report-operation.ts'
import { type Html, html } from '../html/html.ts'
import { linkEvents } from '../html/link-events.ts'
import type { ReportSubject } from '../report-subject.ts'
import { formatCount, formatTime } from '../view/scale.ts'

/** With their drawings; nobody reads more of them, and a page must stay small. */
const DRAWN_MAX = 12
/** At once to be seen: the first of each name. */
const OPEN_MAX = 4
/** In words. */
const TOLD_MAX = 60
const OPERATIONS_DRAWN_MAX = 12
/** Of those that are fine. */
const CONTEXT_DRAWN_MAX = 5
const LINKS_MAX = 24
const FAULTS_TOLD_MAX = 4

/** What is wrong, the most telling first: in words, drawn, and with the way to each operation. */
export function anomaliesSection(subject: ReportSubject): Html {
  const { anomalies } = subject.record.results
  if (anomalies.length === 0) return html``
  const names = new Map<string, number[]>()
  for (const [place, { name }] of anomalies.entries()) names.set(name, [...(names.get(name) ?? []), place])
  const open = [...names.values()].slice(0, OPEN_MAX).map(([first]) => first!)
  const others = [...anomalies.keys()].filter((place) => !open.includes(place))
  const drawn = others.slice(0, DRAWN_MAX)
  const told = others.slice(DRAWN_MAX, TOLD_MAX)
  const left = others.length - drawn.length - told.length
  return html`<section id="anomalies" aria-labelledby="anomalies-title">
<h2 id="anomalies-title">What is wrong <span class="count">${anomalies.length === 1 ? '1 anomaly' : `${formatCount(anomalies.length)} anomalies recorded`}</span></h2>
${names.size > 1 && html`<ul class="names">${[...names].map(([name, places]) => html`<li><code>${name}</code> ${formatCount(places.length)}</li>`)}</ul>`}
${open.map((place) => anomalyCard(subject, anomalies[place]!, place))}
${others.length > 0 && html`<details class="more"><summary>${formatCount(others.length)} more of ${names.size === 1 ? 'its kind' : 'these kinds'}</summary>${drawn.map((place) => anomalyCard(subject, anomalies[place]!, place))}${told.map((place) => anomalyInWords(subject, anomalies[place]!, place))}${left > 0 && html`<p class="note">And ${formatCount(left)} more, which the record of the run lists.</p>`}</details>`}
</section>`
}

function anomalyCard(subject: ReportSubject, anomaly: Anomaly, place: number): Html {
  const { record, checked, startMs } = subject
  const cycle = cycleOf(checked, place)
  const witness = witnessOf(checked, place)
  const operations = operationsOf(subject, anomaly)
  const during = faultsDuring(record.results.faultSpans, operations)
  const picture =
    cycle !== undefined
      ? cycleFigure(cycle.cycle, cycle.result, anomaly, subject)
      : html`<div class="explanation">${witness === undefined ? sentences(anomaly, subject) : conflictInWords(witness, subject)}</div>${spaceTimeFigure(operations, witness)}`
  // Else it may tell more than bars do.
  const isDrawn = cycle !== undefined || witness !== undefined
  return html`<article class="anomaly" id="anomaly-${place + 1}">
<h3><span class="number">${place + 1}</span>${anomaly.name}</h3>
${picture}
${witness !== undefined && lastSteps(witness)}
${meanwhile(during, startMs)}
${operationLinks(operations)}
${anomaly.drawing !== undefined && html`<details class="as-text"${isDrawn ? html`` : html` open`}><summary>${isDrawn ? 'The same as text' : 'As the checker draws it'}</summary><pre>${anomaly.drawing}</pre></details>`}
</article>`
}

/** Faults that were there while its operations were open. */
function meanwhile(spans: readonly FaultSpan[], startMs: number): Html {
  if (spans.length === 0) return html``
  const at = (timeMs: number): string => formatTime((timeMs - startMs) * 1e3, 1e4)
  const left = spans.length - FAULTS_TOLD_MAX
  return html`<p class="during"><b>Meanwhile:</b> ${spans.slice(0, FAULTS_TOLD_MAX).map(({ kind, described, beginMs, endMs }, i) => html`${i > 0 && '; '}${kind} ${described} <span class="quiet">from ${at(beginMs)}${endMs !== undefined && ` to ${at(endMs)}`}</span>`)}${left > 0 && html`; and ${left} more`}</p>`
}

function anomalyInWords(subject: ReportSubject, anomaly: Anomaly, place: number): Html {
  return html`<article class="anomaly" id="anomaly-${place + 1}"><h3><span class="number">${place + 1}</span>${anomaly.name}</h3><div class="explanation">${sentences(anomaly, subject)}</div>${operationLinks(operationsOf(subject, anomaly))}</article>`
}

function sentences({ explanation }: Anomaly, { record, operationOf }: ReportSubject): readonly Html[] {
  const { anomalies, summary } = record.results
  // Of one anomaly alone the first sentence says it all, and stands above already.
  const rest =
    anomalies.length === 1 && explanation.startsWith(`${summary}\n`)
      ? explanation.slice(summary.length + 1)
      : explanation
  return rest.split('\n').map((line) => html`<p>${linkEvents(line, (event) => operationOf(event)?.call)}</p>`)
}

/** The graph, and beside it a sentence for each arrow, under the arrow's number. */
function cycleFigure(
  cycle: Cycle,
  { transactions }: TransactionsResult,
  { explanation }: Anomaly,
  { operationOf }: ReportSubject,
): Html {
  const link = (line: string): Html => linkEvents(line, (event) => operationOf(event)?.call)
  const [title = '', ...reasons] = explanation.split('\n')
  const kinds = [...new Set(cycle.edges.map(({ kind }) => kind))]
  const isDrawn = cycle.edges.length <= CYCLE_EDGES_MAX
  return html`<p class="explanation">${link(title)}</p><div class="cycle-figure">${isDrawn && html`<figure>${drawCycle(cycle, transactions)}<figcaption>${kinds.map((kind) => html`<span><code>${kind}</code> ${meaningOf(kind)}</span>`)}</figcaption></figure>`}<ol class="reasons">${reasons.map((reason) => html`<li>${link(reason)}</li>`)}</ol></div>`
}

function spaceTimeFigure(operations: readonly ReportOperation[], witness: Witness | undefined): Html {
  const drawn =
    witness === undefined
      ? operations.map((each) => drawnOperation(each, charactersFor(operations.length)))
      : drawnConflict(witness)
  if (drawn.length === 0) return html``
  const shown =
    witness === undefined ? drawn.slice(0, OPERATIONS_DRAWN_MAX) : drawn.slice(-OPERATIONS_DRAWN_MAX)
  const left = drawn.length - shown.length
  const isBeside = shown.some(({ role }) => role === 'context')
  return html`<figure>${drawSpaceTime([...shown].sort((a, b) => a.call - b.call))}<figcaption>Each bar goes from call to return, in the order of events${left > 0 && `; ${left} more operations take part`}.${isBeside && ' Pale ones are those that an order of all the others ends with.'}</figcaption></figure>`
}

/** The witness tells how far an order goes; the table below does, so here is what matters. */
function conflictInWords(
  { blocked, conflict, isIrreducible, summary }: Witness,
  subject: ReportSubject,
): readonly Html[] {
  const link = (text: string): Html => linkEvents(text, (event) => subject.operationOf(event)?.call)
  const others = conflict.length - 1
  const beside =
    others === 0 ? '' : ` together with the ${others === 1 ? 'other one' : `${others} others`} drawn in full`
  const least =
    isIrreducible && others > 0
      ? ' Were the outcome of any one of them unknown, there would be an order.'
      : ''
  return [
    ...(subject.record.results.summary === summary ? [] : [html`<p>${link(summary)}</p>`]),
    html`<p><code>${blocked.text}</code> ${link(`(call ${blocked.call}, process ${blocked.process})`)} has no place in any order${beside}, whatever became of the rest.${least}</p>`,
  ]
}

/** Where few are drawn there is room to say more of each. */
const charactersFor = (count: number): number => (count === 1 ? 110 : count <= 3 ? 60 : 36)

function drawnOperation(operation: ReportOperation, charactersMax: number): DrawnOperation {
  const { process, call, end, outcome } = operation
  return {
    process: String(process),
    text: describeOperation(operation, charactersMax),
    call,
    end: outcome === 'unknown' ? undefined : end,
    outcome,
    role: 'part',
  }
}

/** The conflict, and before it the last operations that an order could still take in: what it disagrees with. */
function drawnConflict({ conflict, blocked, lastSteps: steps }: Witness): DrawnOperation[] {
  const calls = new Set(conflict.map(({ call }) => call))
  const context = steps.filter(({ call }) => !calls.has(call)).slice(-CONTEXT_DRAWN_MAX)
  const drawn = (role: DrawnOperation['role'], { process, text, call, return: end }: WitnessOperation) => ({
    process: String(process),
    text,
    call,
    end,
    outcome: end === undefined ? ('unknown' as const) : ('ok' as const),
    role,
  })
  return [
    ...context.map((step) => drawn('context', step)),
    ...conflict.map((each) => drawn(each.call === blocked.call ? 'blocked' : 'part', each)),
  ]
}

/** The way to the contradiction: how far an order goes. */
function lastSteps({ lastSteps: steps, blocked }: Witness): Html {
  if (steps.length === 0) return html``
  return html`<details class="order"><summary>How far an order goes</summary><table><thead><tr><th>Operation</th><th>Process</th><th>What it says</th><th>The state after it</th></tr></thead><tbody>${steps.map(({ call, process, text, stateAfter }) => html`<tr><td><a href="#op-${call}">${call}</a></td><td>${process}</td><td><code>${text}</code></td><td><code>${stateAfter}</code></td></tr>`)}<tr class="blocked"><td><a href="#op-${blocked.call}">${blocked.call}</a></td><td>${blocked.process}</td><td><code>${blocked.text}</code></td><td>has no place</td></tr></tbody></table></details>`
}

function operationLinks(operations: readonly ReportOperation[]): Html {
  if (operations.length === 0) return html``
  const left = operations.length - LINKS_MAX
  return html`<p class="operations"><b>Operations:</b> ${operations.slice(0, LINKS_MAX).map((each) => html`<a href="#op-${each.call}" class="operation-link">${each.call} <span>${describeOperation(each, 44)}</span></a> `)}${left > 0 && `and ${formatCount(left)} more`}</p>`
}

function operationsOf({ operationOf }: ReportSubject, { events }: Anomaly): readonly ReportOperation[] {
  return [...new Set(events.map(operationOf).filter((operation) => operation !== undefined))]
}

function faultsDuring(
  spans: readonly FaultSpan[],
  operations: readonly ReportOperation[],
): readonly FaultSpan[] {
  if (operations.length === 0) return []
  const fromMs =
    operations.reduce((least, { callNs }) => Math.min(least, callNs), Number.POSITIVE_INFINITY) / 1e6
  const toMs = operations.reduce((most, { endNs }) => Math.max(most, endNs), 0) / 1e6
  return spans.filter(({ beginMs, endMs = toMs }) => beginMs <= toMs && endMs >= fromMs)
}

function witnessOf(checked: CheckResult | undefined, place: number): Witness | undefined {
  if (checked === undefined || !('witnesses' in checked)) return undefined
  return (checked as LinearizabilityResult & { readonly verdict: 'invalid' }).witnesses[place]
}

/** The cycle that an anomaly was made of; some are none, and are not data beyond their words. */
function cycleOf(
  checked: CheckResult | undefined,
  place: number,
): { readonly cycle: Cycle; readonly result: TransactionsResult } | undefined {
  if (checked === undefined || !('cycles' in checked) || !('transactions' in checked)) return undefined
  const result = checked as TransactionsResult
  const anomaly = result.anomalies[place]
  const cycle = result.cycles.find(
    ({ name, edges }) =>
      name === anomaly?.name &&
      edges.length === anomaly.transactions.length &&
      edges.every(({ from }, i) => from === anomaly.transactions[i]),
  )
  return cycle === undefined ? undefined : { cycle, result }
}
