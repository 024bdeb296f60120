import type { CallStatistics, FaultSpan } from '../../workloads/run/test-record.ts'
import { type Html, html } from '../html/html.ts'
import type { ReportSubject } from '../report-subject.ts'
import { formatCount, formatDuration, formatTime } from '../view/scale.ts'

/** At once to be seen; the rest unfolds. */
const SPANS_OPEN_MAX = 8
const SPANS_SHOWN_MAX = 300

/** What was run, what came of each function, which faults struck, and the lines that do it again. */
export function runSection({ record, startMs }: ReportSubject): Html {
  const { setup, results } = record
  return html`<section id="run" aria-labelledby="run-title">
<h2 id="run-title">What was run</h2>
<p>${sentence(setup.workload.description)}</p>
<div class="columns">
<div>${callsTable(results.calls)}${faultsTable(results.faultSpans, startMs)}</div>
<div>${setupList(record)}${command('Do it again', setup.replayCommand)}${setup.checkCommand !== undefined && command('Judge it again', setup.checkCommand)}${results.files.length > 0 && html`<h3>Files beside this one</h3><ul class="files">${results.files.map((file) => html`<li><a href="${relativeAddress(file)}">${file}</a></li>`)}</ul>`}</div>
</div>
</section>`
}

function callsTable(calls: Readonly<Record<string, CallStatistics>>): Html {
  const most = Math.max(0, ...Object.values(calls).map(({ latencyMs }) => latencyMs?.greatest ?? 0))
  return html`<div class="scroll"><table class="calls"><caption>Calls</caption><thead><tr><th scope="col">Function</th><th scope="col">ok</th><th scope="col">failed</th><th scope="col">unknown</th><th scope="col">median</th><th scope="col">p99</th><th scope="col">max</th></tr></thead><tbody>${Object.entries(calls).map(([f, each]) => callsRow(f, each, most))}</tbody></table></div>`
}

function callsRow(
  f: string,
  { acknowledged, failed, unknown, latencyMs }: CallStatistics,
  mostMs: number,
): Html {
  const latencies = latencyMs === undefined ? [] : [latencyMs.median, latencyMs.p99, latencyMs.greatest]
  return html`<tr><th scope="row">${f}</th><td>${formatCount(acknowledged)}</td><td>${formatCount(failed)}</td><td>${formatCount(unknown)}</td>${latencyMs === undefined ? html`<td colspan="3" class="quiet">none was acknowledged</td>` : latencies.map((each) => html`<td style="--share:${share(each, mostMs)}" class="latency">${formatDuration(each * 1e3)}</td>`)}</tr>`
}

/** On a scale of decades, as the chart of latencies has. */
function share(valueMs: number, mostMs: number): string {
  if (valueMs <= 0 || mostMs <= 0) return '0'
  return Math.max(0.02, 1 + Math.log10(valueMs / mostMs) / 4).toFixed(3)
}

function faultsTable(spans: readonly FaultSpan[], startMs: number): Html {
  if (spans.length === 0) return html`<p class="quiet">No faults struck.</p>`
  const rest = spans.slice(SPANS_OPEN_MAX, SPANS_SHOWN_MAX)
  const left = spans.length - SPANS_SHOWN_MAX
  return html`<div class="faults">${spansTable(spans.slice(0, SPANS_OPEN_MAX), startMs, 'Faults')}${rest.length > 0 && html`<details><summary>${formatCount(spans.length - SPANS_OPEN_MAX)} more</summary>${spansTable(rest, startMs)}${left > 0 && html`<p class="quiet">And ${formatCount(left)} more.</p>`}</details>`}</div>`
}

function spansTable(spans: readonly FaultSpan[], startMs: number, caption?: string): Html {
  const at = (timeMs: number): string =>
    formatTime((timeMs - startMs) * 1e3, spans.at(-1)!.beginMs - startMs < 10_000 ? 1e4 : 1e5)
  return html`<div class="scroll"><table>${caption !== undefined && html`<caption>${caption}</caption>`}<thead><tr><th scope="col">Kind</th><th scope="col">What</th><th scope="col">from</th><th scope="col">to</th></tr></thead><tbody>${spans.map(({ kind, described, beginMs, endMs, error }) => html`<tr><th scope="row">${kind}</th><td>${described}${error !== undefined && html` <span class="problem">${error}</span>`}</td><td>${at(beginMs)}</td><td>${endMs === undefined ? 'the end' : at(endMs)}</td></tr>`)}</tbody></table></div>`
}

function setupList({ setup }: ReportSubject['record']): Html {
  const facts: (readonly [name: string, value: string | number | boolean])[] = [
    ['name', setup.name],
    ['engine', setup.engine],
    ['nodes', setup.nodes.join(', ')],
    ...Object.entries(setup.options),
  ]
  if (setup.faultKinds.length > 0) facts.push(['faults', setup.faultKinds.join(', ')])
  if (setup.seed !== undefined) facts.push(['seed', setup.seed])
  if (setup.startedAt !== undefined)
    facts.push(['began', setup.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')])
  if (setup.version !== '') facts.push(['Dure', setup.version])
  return html`<dl class="setup">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${String(value)}</dd></div>`)}</dl>`
}

function command(title: string, line: string): Html {
  return html`<h3>${title}</h3><div class="command"><pre tabindex="0"><code>${line}</code></pre><button type="button" data-copy="${line}">Copy</button></div>`
}

/** A file's name never becomes a way to elsewhere, or a script. */
function relativeAddress(file: string): string {
  return `./${file.split('/').map(encodeURIComponent).join('/')}`
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}
