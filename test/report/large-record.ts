import type { HistoryEvent } from '../../src/proof/verify/history/event.ts'
import { callStatistics, faultSpans } from '../../src/proof/workloads/run/run-statistics.ts'
import type { TestRecord } from '../../src/proof/workloads/run/test-record.ts'

const WORKERS = 20
const FAULT_EVERY_MS = 20_000
const FAULT_MS = 6_000

/** A record of so many operations, without a run: five minutes of reads, writes and exchanges, with faults and anomalies. */
export function largeRecord(operations: number): TestRecord {
  const draw = drawsFrom(42)
  const durationMs = 300_000
  const ends: { readonly atMs: number; readonly event: Omit<HistoryEvent, 'index'> }[] = []
  const clients = Array.from({ length: WORKERS }, (_, worker) => ({ process: worker, freeAtMs: worker }))
  let processes = WORKERS
  for (let made = 0; made < operations; made++) {
    const client = clients.reduce((least, each) => (each.freeAtMs < least.freeAtMs ? each : least))
    const callMs = client.freeAtMs
    const isFault = callMs % FAULT_EVERY_MS > FAULT_EVERY_MS - FAULT_MS
    const latencyMs = (1 + 8 * draw() ** 3) * (isFault && draw() < 0.2 ? 40 : 1)
    const outcome = isFault && draw() < 0.01 ? 'info' : draw() < 0.02 ? 'fail' : 'ok'
    const f = ['read', 'read', 'write', 'cas'][Math.floor(draw() * 4)]!
    const value = f === 'read' ? null : f === 'write' ? made : [made % 7, made % 5]
    const about = { process: client.process, f, key: `account/${Math.floor(made / 300)}` }
    ends.push({ atMs: callMs, event: { ...about, type: 'invoke', value, timeNs: Math.round(callMs * 1e6) } })
    const endMs = callMs + (outcome === 'info' ? 1_000 : latencyMs)
    const answer = outcome === 'ok' && f === 'read' ? Math.floor(draw() * 1e6) : value
    const error = outcome === 'ok' ? {} : { error: outcome === 'info' ? 'timeout' : 'comparison-failed' }
    ends.push({
      atMs: endMs,
      event: { ...about, type: outcome, value: answer, timeNs: Math.round(endMs * 1e6), ...error },
    })
    if (outcome === 'info') client.process = processes++
    client.freeAtMs = endMs + draw() * 2 * ((durationMs * WORKERS) / operations - 6)
    if (client.freeAtMs <= endMs) client.freeAtMs = endMs + 0.001
  }
  for (let atMs = FAULT_EVERY_MS - FAULT_MS; atMs < durationMs; atMs += FAULT_EVERY_MS) {
    const kind = atMs % (2 * FAULT_EVERY_MS) < FAULT_EVERY_MS ? 'partition' : 'kill'
    const fault = {
      process: 'nemesis',
      type: 'info',
      value: kind === 'kill' ? '3' : 'halves 1,2 | 3,4,5',
    } as const
    ends.push({ atMs, event: { ...fault, f: `begin-${kind}`, timeNs: atMs * 1e6 } })
    ends.push({
      atMs: atMs + FAULT_MS,
      event: { ...fault, f: `end-${kind}`, timeNs: (atMs + FAULT_MS) * 1e6 },
    })
  }
  const events = ends
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ event }, index): HistoryEvent => ({ index, ...event }))
  return recordOf(events)
}

function recordOf(events: readonly HistoryEvent[]): TestRecord {
  const calls = events.filter(({ type }) => type === 'invoke').map(({ index }) => index)
  const wrong = [0.31, 0.64].map((share) => calls[Math.floor(share * calls.length)]!)
  const spans = faultSpans(events)
  return {
    setup: {
      name: 'large',
      workload: { name: 'cas-register', description: 'reads, writes and exchanges' },
      engine: 'embedded',
      version: '0.1.0',
      nodes: ['1', '2', '3', '4', '5'],
      seed: 42,
      faultKinds: ['kill', 'partition'],
      options: { concurrency: WORKERS },
      replayCommand: 'npx dure test --workload cas-register --time-limit 300 --seed 42',
    },
    results: {
      verdict: 'invalid',
      summary: `Operation ${wrong[0]} and operation ${wrong[1]} contradict each other.`,
      anomalies: wrong.map((call) => ({
        name: 'stale-read',
        explanation: `Operation ${call} read what had been replaced.`,
        events: [call],
      })),
      spent: { steps: 1, memoryBytes: 1 },
      isInterrupted: false,
      surprises: [],
      durationMs: 300_000,
      calls: callStatistics(events),
      faults: {
        kill: spans.filter(({ kind }) => kind === 'kill').length,
        partition: spans.filter(({ kind }) => kind === 'partition').length,
      },
      faultSpans: spans,
      files: [],
    },
    history: { origin: 'dure', events },
  }
}

/** Numbers from 0 to 1, the same every time. */
function drawsFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
