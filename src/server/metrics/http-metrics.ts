import type { Metric } from './metric.ts'

/** Requests by method, route and status; few series, because routes are patterns and not paths. */
export class HttpMetrics {
  readonly #series = new Map<string, Series>()
  #open = 0
  #watches = 0

  begin(): void {
    this.#open++
  }

  end(method: string, route: string, status: number, seconds: number): void {
    this.#open--
    const name = `${method} ${route} ${status}`
    let series = this.#series.get(name)
    if (series === undefined)
      this.#series.set(name, (series = { labels: { method, route, status }, count: 0, seconds: 0 }))
    series.count++
    series.seconds += seconds
  }

  /** Its answer goes on after the request was counted. */
  watchBegan(): void {
    this.#watches++
  }

  watchEnded(): void {
    this.#watches--
  }

  read(): Metric[] {
    const counter = (name: string, help: string, labels: Metric['labels'], value: number): Metric => ({
      name,
      help,
      kind: 'counter',
      value,
      ...(labels && { labels }),
    })
    const all = [...this.#series.values()]
    return [
      { name: 'dure_http_open_requests', help: 'Requests being answered.', kind: 'gauge', value: this.#open },
      {
        name: 'dure_http_watches',
        help: 'Streams of changes over HTTP that are open.',
        kind: 'gauge',
        value: this.#watches,
      },
      ...all.map(({ labels, count }) =>
        counter('dure_http_requests_total', 'Requests answered.', labels, count),
      ),
      ...all.map(({ labels, seconds }) =>
        counter('dure_http_request_seconds_total', 'Time spent answering, summed.', labels, seconds),
      ),
    ]
  }
}

interface Series {
  readonly labels: { readonly method: string; readonly route: string; readonly status: number }
  count: number
  seconds: number
}
