import type { MaelstromRun } from '../../proof/maelstrom/run/run-maelstrom-test.ts'
import { plain } from '../check/verdict-json.ts'

/** A run as `results.json` and `--json` tell it. */
export function resultsJson(run: MaelstromRun, more: Readonly<Record<string, unknown>>): unknown {
  const { verdict, summary, operations, messages, messagesPerOperation, availability, problems, faults } = run
  return {
    verdict,
    summary,
    ...more,
    availability: {
      ok_fraction: availability.found,
      asked: availability.asked ?? null,
      verdict:
        availability.asked === undefined || availability.found >= availability.asked ? 'valid' : 'invalid',
    },
    stats: statsJson(operations),
    net: {
      all: { ...countsJson(messages.all), messages_per_operation: messagesPerOperation?.all ?? null },
      clients: countsJson(messages.clients),
      servers: {
        ...countsJson(messages.servers),
        messages_per_operation: messagesPerOperation?.servers ?? null,
      },
    },
    faults: Object.fromEntries(faults),
    problems,
    workload: run.result === undefined ? null : workloadJson(run.result),
  }
}

function statsJson({ byFunction, ...all }: MaelstromRun['operations']): unknown {
  const by_function = Object.fromEntries(
    Object.entries(byFunction).map(([f, { latencyMs, ...counts }]) => [
      f,
      { ...counts, latency_ms: latencyMs === undefined ? null : latencyMs },
    ]),
  )
  return { ...all, by_function }
}

const countsJson = ({ sent, received }: { readonly sent: number; readonly received: number }) => ({
  sent,
  received,
})

/** What the check found, as `dure check --json` tells it, without the transactions themselves. */
function workloadJson(result: NonNullable<MaelstromRun['result']>): unknown {
  const {
    transactions: _,
    cycles: __,
    ...told
  } = result as typeof result & {
    readonly transactions?: unknown
    readonly cycles?: unknown
  }
  return plain(told)
}
