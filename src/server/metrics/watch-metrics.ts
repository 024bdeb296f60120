import type { WatchFigures } from '../../engines/embedded/watch/watch-hub.ts'
import type { Metric } from './metric.ts'

/** The watches that a node serves, to clients and to its own HTTP. */
export function watchMetrics(figures: WatchFigures): Metric[] {
  const { watchers, lagging, sentChanges, sentBytes, compacted } = figures
  const lags = 'Watches that have not been sent all there is: just opened, or slower than the changes.'
  const refused = 'Watches refused or ended because what they lacked was no longer kept.'
  return [
    { name: 'dure_watchers', help: 'Watches that are open.', kind: 'gauge', value: watchers },
    { name: 'dure_watchers_lagging', help: lags, kind: 'gauge', value: lagging },
    {
      name: 'dure_watch_changes_total',
      help: 'Changes sent to watches, each watch counted.',
      kind: 'counter',
      value: sentChanges,
    },
    {
      name: 'dure_watch_bytes_total',
      help: 'Bytes of keys and values sent to watches, about.',
      kind: 'counter',
      value: sentBytes,
    },
    { name: 'dure_watches_compacted_total', help: refused, kind: 'counter', value: compacted },
  ]
}
