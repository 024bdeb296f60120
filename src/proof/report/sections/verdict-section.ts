import { unreachable } from '../../../foundation/assert.ts'
import type { Verdict } from '../../verify/verdict/verdict.ts'
import { type Html, html } from '../html/html.ts'
import { linkEvents } from '../html/link-events.ts'
import type { ReportSubject } from '../report-subject.ts'
import { formatCount } from '../view/scale.ts'

/** The verdict and why, before anything else; then what was tested, in a line of facts. */
export function verdictSection({ record, operations, operationOf }: ReportSubject): Html {
  const { setup, results } = record
  const { verdict, summary, durationMs, calls, faultSpans, isInterrupted } = results
  const acknowledged = Object.values(calls).reduce((sum, each) => sum + each.acknowledged, 0)
  const facts: readonly (readonly [name: string, value: string, detail: string])[] = [
    ['operations', formatCount(operations.length), `${formatCount(acknowledged)} acknowledged`],
    ['lasted', lengthOf(durationMs), `${formatRate(operations.length, durationMs)} calls a second`],
    ['faults', formatCount(faultSpans.length), faultsInWords(results.faults, setup.faultKinds.length > 0)],
    ['nodes', formatCount(setup.nodes.length), setup.engine],
  ]
  return html`<header class="verdict ${verdict}">
<p class="run">${setup.workload.name} <span>on</span> ${setup.engine}</p>
<h1>${symbolOf(verdict)}<span>${titleOf(verdict)}</span></h1>
<p class="summary">${linkEvents(summary, (event) => operationOf(event)?.call)}</p>
<p class="meaning">${meaningOf(verdict)}${isInterrupted && ' The run was ended early by a person, and judged by what was seen until then.'}</p>
<dl class="facts">${facts.map(([name, value, detail]) => html`<div><dt>${name}</dt><dd>${value}<small>${detail}</small></dd></div>`)}</dl>
</header>`
}

/** The shape says it, for who does not see the colour. */
function symbolOf(verdict: Verdict): Html {
  const [outline, sign] = shapeOf(verdict)
  return html`<svg class="symbol" viewBox="0 0 40 40" width="40" height="40" aria-hidden="true"><path class="outline" d="${outline}"/><path class="sign" d="${sign}"/></svg>`
}

function shapeOf(verdict: Verdict): readonly [outline: string, sign: string] {
  switch (verdict) {
    case 'valid':
      return ['M20 2a18 18 0 1 1 0 36a18 18 0 1 1 0-36z', 'M12 20.5l5.5 5.5L28.5 14.5']
    case 'invalid':
      return ['M12.5 2h15L38 12.5v15L27.5 38h-15L2 27.5v-15z', 'M13.5 13.5l13 13m0-13l-13 13']
    case 'unknown':
      return ['M20 2L38 20L20 38L2 20z', 'M15.5 16a4.5 4.5 0 1 1 6.5 4.1c-1.5.7-2 1.5-2 3.1m0 4.2v.1']
    default:
      return unreachable(verdict)
  }
}

function titleOf(verdict: Verdict): string {
  switch (verdict) {
    case 'valid':
      return 'Valid'
    case 'invalid':
      return 'Invalid'
    case 'unknown':
      return 'Unknown'
    default:
      return unreachable(verdict)
  }
}

function meaningOf(verdict: Verdict): string {
  switch (verdict) {
    case 'valid':
      return 'Nothing that was recorded contradicts what the store claims. That is no proof that it never fails: it says what this load and these faults did not bring out.'
    case 'invalid':
      return 'A store that keeps what it claims cannot have given these answers.'
    case 'unknown':
      return 'This run shows neither that the store keeps what it claims nor that it does not.'
    default:
      return unreachable(verdict)
  }
}

function faultsInWords(faults: Readonly<Partial<Record<string, number>>>, isAsked: boolean): string {
  const kinds = Object.keys(faults).filter((kind) => (faults[kind] ?? 0) > 0)
  return kinds.length > 0 ? kinds.join(', ') : isAsked ? 'none struck' : 'none were asked for'
}

function lengthOf(durationMs: number): string {
  const seconds = durationMs / 1_000
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`
  const rounded = Math.round(seconds)
  return `${Math.floor(rounded / 60)} min ${rounded % 60} s`
}

function formatRate(count: number, durationMs: number): string {
  const rate = durationMs === 0 ? 0 : (count * 1_000) / durationMs
  return rate >= 100 ? formatCount(Math.round(rate)) : rate.toFixed(1)
}
