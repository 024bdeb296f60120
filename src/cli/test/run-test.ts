import { DureError } from '../../foundation/errors.ts'
import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import type { HistoryEvent } from '../../proof/verify/history/event.ts'
import type { CheckResult } from '../../proof/verify/verdict/verdict.ts'
import { conclude, type TestPhase, type TestRun } from '../../proof/workloads/run/run-plan.ts'
import { runTest } from '../../proof/workloads/run/run-test.ts'
import type { TestRecord, TestSetup } from '../../proof/workloads/run/test-record.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import { SeededRandom } from '../../runtime/seeded-random.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'
import { openEngine } from './engines/open-engine.ts'
import type { TestedEngine } from './engines/tested-engine.ts'
import { judgeHistory } from './judge/judge-history.ts'
import { HistoryFiles } from './store/history-files.ts'
import type { RunDirectory } from './store/run-directory.ts'
import { replayCommand, type TestPlan } from './test-plan.ts'
import { testResults } from './test-results.ts'
import { writeReport } from './write-report.ts'

export interface RunHooks {
  readonly onPhase?: (phase: 'start' | TestPhase) => void
  readonly onEvent?: (event: HistoryEvent) => void
  /** The first Ctrl-C: the load ends, everything is undone, and what was seen is judged. */
  readonly interrupted: AbortSignal
  /** The second: processes that were started here end at once. */
  readonly killed: AbortSignal
  /** A store in place of another one: for tests of the test. */
  readonly wrapStore?: (store: KeyValueStore) => KeyValueStore
}

export interface FinishedTest {
  readonly record: TestRecord
  /** What the checker itself said, with all that it found. */
  readonly result: CheckResult
  readonly directory: RunDirectory
}

/**
 * One run from its first node to its report, recorded in its directory as it goes. Errors: those of an engine that does
 * not begin; a run that breaks off later is judged by what was seen until then.
 */
export async function recordTest(
  plan: TestPlan,
  directory: RunDirectory,
  version: string,
  hooks: RunHooks,
): Promise<FinishedTest> {
  const { interrupted, killed } = hooks
  const random = new SeededRandom(plan.seed)
  const surprises: string[] = []
  hooks.onPhase?.('start')
  const startedAt = new Date().toISOString()
  const engine = await beginEngine(directory, plan.engine, {
    nodes: plan.nodes,
    workers: plan.workers,
    faultKinds: plan.faultKinds,
    random: random.fork('members'),
    directory: directory.path,
    ...(plan.endpoints !== undefined && { endpoints: plan.endpoints }),
    onSurprise: (described) => surprises.push(described),
  })
  const kill = (): void => engine.kill()
  killed.addEventListener('abort', kill, { once: true })
  try {
    requireAbilities(plan, engine)
    const setup = setupOf(plan, engine, directory, version, startedAt)
    directory.writeSetup(setup)
    const run = await load(plan, wrapped(engine, hooks.wrapStore), directory, random, hooks)
    const results = testResults({
      ...run,
      events: run.history.events,
      isInterrupted: interrupted.aborted,
      surprises,
      files: ['history.jsonl', 'history.edn', ...engine.logs()],
    })
    directory.writeResults(results)
    const record: TestRecord = { setup, results, history: run.history }
    await writeReport(directory, record, run.result)
    return { record, result: run.result, directory }
  } finally {
    killed.removeEventListener('abort', kill)
    await engine.close()
  }
}

function requireAbilities({ faultKinds }: TestPlan, { cluster }: TestedEngine): void {
  const missing = faultKinds.filter((kind) => !cluster.abilities.has(kind))
  if (missing.length === 0) return
  const able = faultKinds.filter((kind) => cluster.abilities.has(kind))
  throw new DureError(
    'unsupported',
    `this cannot be done to these nodes here: ${missing.join(', ')}; use --nemesis ${able.join(',') || 'none'}`,
  )
}

async function beginEngine(
  directory: RunDirectory,
  ...[name, options]: Parameters<typeof openEngine>
): Promise<TestedEngine> {
  try {
    return await openEngine(name, options)
  } catch (error) {
    directory.discardEmpty()
    throw error
  }
}

async function load(
  plan: TestPlan,
  engine: TestedEngine,
  directory: RunDirectory,
  random: SeededRandom,
  { onPhase, onEvent, interrupted, killed }: RunHooks,
): Promise<TestRun> {
  const runtime = await createNodeRuntime({
    directory: '.',
    network: { framing: tcpFraming, clusterId: '' },
    seed: plan.seed,
  })
  const files = new HistoryFiles(directory.path)
  const events: HistoryEvent[] = []
  const judge = async (): Promise<CheckResult> => {
    await files.close()
    // Ctrl-C before the check asks for it; during the check it ends it.
    const signal = interrupted.aborted ? killed : interrupted
    return judgeHistory(directory.at('history.jsonl'), plan.workload.name, signal)
  }
  try {
    const options = {
      workload: plan.workload,
      prefix: `test/${plan.seed}/`,
      workers: plan.workers,
      ratePerSecond: plan.ratePerSecond,
      timeLimitMs: plan.timeLimitMs,
      timeoutMs: plan.timeoutMs,
      check: judge,
      ...(plan.faultKinds.length > 0 && {
        faults: {
          kinds: plan.faultKinds,
          everyMs: plan.faultIntervalMs,
          forMs: plan.faultIntervalMs,
          random: random.fork('faults'),
        },
      }),
    }
    return await runTest(runtime, engine, options, {
      signal: interrupted,
      ...(onPhase && { onPhase }),
      onEvent(event) {
        events.push(event)
        files.add(event)
        onEvent?.(event)
      },
    })
  } catch (error) {
    if (events.length === 0 || killed.aborted) throw error
    return await brokenOff(error, events, judge)
  } finally {
    await files.close()
    await runtime.close()
  }
}

/** A run that did not come to its end shows nothing more than what is wrong in it. */
async function brokenOff(
  error: unknown,
  events: readonly HistoryEvent[],
  judge: () => Promise<CheckResult>,
): Promise<TestRun> {
  if (!(error instanceof Error) || isMistake(error)) throw error
  const result = await judge()
  const unfinished = `The run broke off: ${error.message}.`
  const amounts = { acknowledged: new Map(), faults: new Map() }
  return {
    ...conclude(result, { ...amounts, atLeast: {}, kinds: [], unfinished }),
    ...amounts,
    history: { origin: 'dure', events },
    result,
    finalFrom: undefined,
    unfinished,
  }
}

/** Of ours, and not of what was tested. */
const isMistake = (error: Error): boolean =>
  !(error instanceof DureError) && Object.getPrototypeOf(error) !== Error.prototype

function setupOf(
  plan: TestPlan,
  engine: TestedEngine,
  directory: RunDirectory,
  version: string,
  startedAt: string,
): TestSetup {
  const { workload, faultKinds: kinds } = plan
  return {
    name: plan.name,
    workload: { name: workload.name, description: workload.description },
    engine: plan.engine,
    version,
    startedAt,
    nodes: engine.cluster.nodes,
    seed: plan.seed,
    faultKinds: kinds,
    options: {
      'time limit': `${plan.timeLimitMs / 1_000} s`,
      rate: `${plan.ratePerSecond} calls a second`,
      concurrency: plan.workers,
      timeout: `${plan.timeoutMs} ms`,
      ...(kinds.length > 0 && { 'nemesis interval': `${plan.faultIntervalMs / 1_000} s` }),
    },
    replayCommand: replayCommand(plan),
    checkCommand: `dure test --check ${directory.path}`,
  }
}

function wrapped(engine: TestedEngine, wrap?: (store: KeyValueStore) => KeyValueStore): TestedEngine {
  if (wrap === undefined) return engine
  const stores = new Map<number, KeyValueStore>()
  return {
    ...engine,
    storeOf(worker) {
      const store = stores.get(worker) ?? wrap(engine.storeOf(worker))
      stores.set(worker, store)
      return store
    },
  }
}
