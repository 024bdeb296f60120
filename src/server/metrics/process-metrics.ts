import { type ELDHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metric } from './metric.ts'

/** The process: memory, processor, and how late the event loop runs. */
export class ProcessMetrics {
  readonly #delay: ELDHistogram = monitorEventLoopDelay({ resolution: 10 })

  constructor() {
    this.#delay.enable()
  }

  /** The event loop's delay is that since the last call. */
  read(): Metric[] {
    const { rss, heapUsed, external } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const delaySeconds = (quantile: number) => this.#delay.percentile(quantile) / 1e9
    const metrics: Metric[] = [
      {
        name: 'dure_process_uptime_seconds',
        help: 'Since the process began.',
        kind: 'gauge',
        value: process.uptime(),
      },
      {
        name: 'dure_process_cpu_seconds_total',
        help: 'Processor time.',
        kind: 'counter',
        value: (user + system) / 1e6,
      },
      ...Object.entries({ resident: rss, heap: heapUsed, external }).map(
        ([kind, value]): Metric => ({
          name: 'dure_process_memory_bytes',
          help: 'Memory, by kind.',
          kind: 'gauge',
          value,
          labels: { kind },
        }),
      ),
      ...[50, 99, 100].map(
        (quantile): Metric => ({
          name: 'dure_event_loop_delay_seconds',
          help: 'How late timers fire, since the last scrape.',
          kind: 'gauge',
          value: delaySeconds(quantile),
          labels: { quantile: quantile / 100 },
        }),
      ),
    ]
    this.#delay.reset()
    return metrics
  }

  close(): void {
    this.#delay.disable()
  }
}
