import type { Metric } from './metric.ts'

/** The content type of Prometheus' text format, version 0.0.4. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Prometheus' text format. Values arrive ready, so there is nothing for a client library to collect: this is the format's
 * page of rules and no more. Metrics of one name are put together, as the format asks.
 */
export function renderPrometheus(metrics: readonly Metric[]): string {
  const byName = Map.groupBy(metrics, ({ name }) => name)
  let text = ''
  for (const [name, samples] of byName) {
    const { help, kind } = samples[0]!
    text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${kind}\n`
    for (const { labels, value } of samples) text += `${name}${renderLabels(labels)} ${renderValue(value)}\n`
  }
  return text
}

function renderLabels(labels: Metric['labels']): string {
  const pairs = Object.entries(labels ?? {})
  if (pairs.length === 0) return ''
  return `{${pairs.map(([name, value]) => `${name}="${escapeLabel(String(value))}"`).join(',')}}`
}

function renderValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

const escapeHelp = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeLabel = (text: string) => escapeHelp(text).replaceAll('"', '\\"')
