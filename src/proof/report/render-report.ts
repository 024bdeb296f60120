import type { CheckResult } from '../verify/verdict/verdict.ts'
import type { TestRecord } from '../workloads/run/test-record.ts'
import { compressed, packHistory } from './history/pack-history.ts'
import { hasTimes, type ReportOperation, reportOperations } from './history/report-operation.ts'
import { Html, html } from './html/html.ts'
import { pageScript, pageStyle } from './page-assets.ts'
import { type ReportSubject, reportSubject } from './report-subject.ts'
import { anomaliesSection } from './sections/anomalies-section.ts'
import { operationsSection } from './sections/operations-section.ts'
import { runSection } from './sections/run-section.ts'
import { timeSection } from './sections/time-section.ts'
import { verdictSection } from './sections/verdict-section.ts'
import type { PackedAnomaly } from './view/packed-history.ts'

/** Anomalies whose operations are marked in the charts and found by the filter. */
const MARKED_MAX = 1_000

/**
 * One run as a page for a person: one file of HTML, which needs nothing from anywhere and works offline.
 *
 * ```ts
 * await writeFile('index.html', renderReport(record, run.result))
 * ```
 *
 * `checked` is what the checker said, where it is at hand: the witness of a linearizability check and the cycles of
 * transactions are drawn from it, which the record keeps as text alone. Whatever a history holds is shown as text; none
 * of it can become a part of the page.
 */
export function renderReport(record: TestRecord, checked?: CheckResult): string {
  const { events } = record.history
  const operations = reportOperations(events)
  const subject = reportSubject(record, checked, operations)
  const history = {
    operations,
    hasTimes: hasTimes(events),
    startMs: subject.startMs,
    faults: record.results.faultSpans,
    anomalies: markedAnomalies(subject),
  }
  const { setup, results } = record
  const functions = functionsOf(operations)
  const body = html`<body>
<a class="skip" href="#time">To the operations</a>
<div class="page">
<button type="button" id="theme" hidden></button>
${verdictSection(subject)}
${anomaliesSection(subject)}
${runSection(subject)}
<noscript><p class="note">The charts and the table of operations need JavaScript, which this browser does not run.</p></noscript>
${timeSection(history.hasTimes)}
${operationsSection(functions, results.anomalies.length)}
<footer>${setup.name} · Dure${setup.version !== '' && ` ${setup.version}`}${setup.startedAt !== undefined && ` · ${setup.startedAt}`}</footer>
</div>
${inline(`<script type="application/octet-stream" id="history">${compressed(packHistory(history))}</script>`)}
${inline(`<script>${pageScript}</script>`)}
</body>`
  const title = html`<title>${results.verdict}: ${setup.workload.name} on ${setup.engine}</title>`
  return `<!doctype html>
<html lang="en" data-verdict="${results.verdict}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
${title.text}
<style>${pageStyle}</style></head>
${body.text}
</html>
`
}

/** Base64 and our own script: neither can hold the end of its element. */
function inline(script: string): Html {
  return new Html(script)
}

function functionsOf(operations: readonly ReportOperation[]): string[] {
  return [...new Set(operations.map(({ f }) => f))]
}

function markedAnomalies({ record, operationOf }: ReportSubject): PackedAnomaly[] {
  return record.results.anomalies.slice(0, MARKED_MAX).map(({ name, events }) => ({
    name,
    calls: [...new Set(events.flatMap((event) => operationOf(event)?.call ?? []))],
  }))
}
