import type { HistoryEvent } from '../../../proof/verify/history/event.ts'
import type { Verdict } from '../../../proof/verify/verdict/verdict.ts'
import type { TestSetup } from '../../../proof/workloads/run/test-record.ts'
import type { FinishedTest } from '../run-test.ts'
import { RunDirectory } from '../store/run-directory.ts'
import { testResults } from '../test-results.ts'

const MS = 1e6

/** A small bank that was killed once: what a run leaves, made up. */
export function finishedTest({
  path = 'store/bank-embedded/2026-11-20T16-55-00Z',
  total = 100,
  surprises = [],
}: {
  readonly path?: string
  /** Of the last read. */
  readonly total?: number
  readonly surprises?: readonly string[]
} = {}): FinishedTest {
  const read = (sum: number) => new Map(Array.from({ length: 8 }, (_, i) => [String(i), i === 0 ? sum : 0]))
  const events: HistoryEvent[] = []
  const add = (event: Omit<HistoryEvent, 'index'>): void =>
    void events.push({ index: events.length, ...event })
  for (let i = 0; i < 12; i++) {
    const sum = i === 11 ? total : 100
    add({ process: i, type: 'invoke', f: 'read', value: null, timeNs: (10 * i + 1) * MS })
    if (i === 3) add({ process: 'nemesis', type: 'info', f: 'begin-kill', value: '1,3', timeNs: 33 * MS })
    add({ process: i, type: 'ok', f: 'read', value: read(sum), timeNs: (10 * i + 4) * MS })
    if (i === 9) add({ process: 'nemesis', type: 'info', f: 'end-kill', value: '1,3', timeNs: 96 * MS })
  }
  const verdict: Verdict = total === 100 ? 'valid' : 'invalid'
  const summary = total === 100 ? '12 reads found a total of 100.' : `A read found ${total} instead of 100.`
  const anomalies =
    total === 100
      ? []
      : [{ name: 'wrong-total', explanation: `The read at 23 found a total of ${total}.`, events: [24] }]
  const result = { verdict, summary, anomalies, spent: { steps: 12, memoryBytes: 1_000 } }
  const setup: TestSetup = {
    name: 'bank-embedded',
    workload: { name: 'bank', description: 'transfers between accounts' },
    engine: 'embedded',
    version: '0.1.0',
    startedAt: '2026-11-20T16:55:00.000Z',
    nodes: ['1', '2', '3'],
    seed: 7,
    faultKinds: ['kill'],
    options: { 'time limit': '60 s' },
    replayCommand:
      'dure test --workload bank --nodes 3 --time-limit 60 --nemesis kill --nemesis-interval 2 --seed 7',
    checkCommand: `dure test --check ${path}`,
  }
  const results = testResults({
    verdict,
    summary,
    result,
    events,
    isInterrupted: false,
    surprises,
    files: ['history.jsonl', 'node-1.log'],
  })
  const history = { origin: 'dure', events } as const
  return { record: { setup, results, history }, result, directory: new RunDirectory(path) }
}
