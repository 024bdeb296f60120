import { createRequire } from 'node:module'
import type { ServiceRun, ServiceTest } from '../../fixture/test-service.ts'
import { DureError } from '../../foundation/errors.ts'
import type { ClusterUnderTest } from '../../proof/chaos/nemesis/cluster-under-test.ts'
import { runPlan } from '../../proof/workloads/run/run-plan.ts'
import type { TestRecord, TestSetup } from '../../proof/workloads/run/test-record.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import { SeededRandom } from '../../runtime/seeded-random.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { renderTest } from './output/render-test.ts'
import { HistoryFiles } from './store/history-files.ts'
import { RunDirectory } from './store/run-directory.ts'
import { defaults } from './test-plan.ts'
import { testResults } from './test-results.ts'
import { writeReport } from './write-report.ts'

const TIME_LIMIT_MS = 10_000
const FAULT_INTERVAL_MS = 2_000
const SEED_MAX = 999_999_999

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string }

const nothingToBreak: ClusterUnderTest = {
  nodes: [],
  abilities: new Set(),
  leader: async () => undefined,
  kill: async () => {},
  start: async () => {},
  pause: async () => {},
  resume: async () => {},
  cut: async () => {},
}

/** `testService` of `dure/testing`: a run of somebody's own service, recorded as those of `dure test` are. */
export async function recordServiceTest(test: ServiceTest): Promise<ServiceRun> {
  const seed = test.seed ?? Math.floor(Math.random() * SEED_MAX)
  const startedAt = new Date()
  const directory = RunDirectory.create(test.store ?? defaults.store, test.name, startedAt)
  const setup = setupOf(test, seed, startedAt)
  directory.writeSetup(setup)
  const runtime = await createNodeRuntime({
    directory: '.',
    network: { framing: tcpFraming, clusterId: '' },
    seed,
  })
  const files = new HistoryFiles(directory.path)
  try {
    const run = await runPlan(
      runtime,
      test.faults?.cluster ?? nothingToBreak,
      planOf(test),
      optionsOf(test, seed),
      {
        onEvent: (event) => files.add(event),
        ...(test.signal !== undefined && { signal: test.signal }),
      },
    )
    await files.close()
    const results = testResults({
      ...run,
      events: run.history.events,
      isInterrupted: test.signal?.aborted ?? false,
      surprises: [],
      files: ['history.jsonl', 'history.edn'],
    })
    directory.writeResults(results)
    const record: TestRecord = { setup, results, history: run.history }
    await writeReport(directory, record, run.result)
    const text = renderTest({ record, result: run.result, directory }, (_tone, text) => text)
    const { verdict, summary } = results
    return { verdict, summary, text, directory: directory.path, history: run.history, result: run.result }
  } finally {
    await files.close()
    await runtime.close()
  }
}

const kindsOf = ({ faults }: ServiceTest) =>
  faults === undefined ? [] : (faults.kinds ?? [...faults.cluster.abilities])

function planOf({ load, finalReads, prepare, open, check, atLeast = {} }: ServiceTest) {
  return {
    load,
    ...(finalReads !== undefined && { finalReads }),
    ...(prepare !== undefined && { prepare: () => retried(prepare) }),
    open,
    check: (history: Parameters<typeof check>[0]) => check(history),
    atLeast,
  }
}

/** What a service throws while it cannot be reached yet is no reason to give up. */
async function retried(prepare: () => Promise<void>): Promise<void> {
  try {
    await prepare()
  } catch (cause) {
    if (cause instanceof DureError) throw cause
    throw new DureError('unavailable', `the service could not be prepared: ${String(cause)}`, { cause })
  }
}

function optionsOf(test: ServiceTest, seed: number) {
  const intervalMs = test.faults?.intervalMs ?? FAULT_INTERVAL_MS
  return {
    workers: test.workers ?? defaults.workers,
    ratePerSecond: test.ratePerSecond ?? defaults.ratePerSecond,
    timeLimitMs: test.timeLimitMs ?? TIME_LIMIT_MS,
    timeoutMs: test.timeoutMs ?? defaults.timeoutMs,
    ...(test.faults !== undefined && {
      faults: {
        kinds: kindsOf(test),
        everyMs: intervalMs,
        forMs: intervalMs,
        random: new SeededRandom(seed).fork('faults'),
      },
    }),
  }
}

function setupOf(test: ServiceTest, seed: number, startedAt: Date): TestSetup {
  const { workers, ratePerSecond, timeLimitMs, timeoutMs } = optionsOf(test, seed)
  return {
    name: test.name,
    workload: { name: test.name, description: 'a load of your own' },
    engine: 'a service of your own',
    version,
    startedAt: startedAt.toISOString(),
    nodes: test.faults?.cluster.nodes ?? [],
    seed,
    faultKinds: kindsOf(test),
    options: {
      'time limit': `${timeLimitMs / 1_000} s`,
      rate: `${ratePerSecond} calls a second`,
      concurrency: workers,
      timeout: `${timeoutMs} ms`,
    },
    replayCommand: `testService({ …, seed: ${seed} })`,
  }
}
