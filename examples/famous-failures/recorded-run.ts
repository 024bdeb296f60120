import { mkdirSync, readdirSync } from 'node:fs'
import { HistoryFiles } from '../../src/cli/test/store/history-files.ts'
import { RunDirectory } from '../../src/cli/test/store/run-directory.ts'
import { testResults } from '../../src/cli/test/test-results.ts'
import { writeReport } from '../../src/cli/test/write-report.ts'
import { DureError } from '../../src/foundation/errors.ts'
import type { FaultKind } from '../../src/proof/chaos/nemesis/cluster-under-test.ts'
import type { HistoryValue } from '../../src/proof/verify/history/event.ts'
import type { RecordedHistory } from '../../src/proof/verify/history/recorded-history.ts'
import type { CheckResult } from '../../src/proof/verify/verdict/verdict.ts'
import { EventLog } from '../../src/proof/workloads/run/event-log.ts'

export interface RunDescription {
  readonly name: string
  readonly description: string
  /** For `dure check --model`. */
  readonly model: string
  readonly nodes: number
  readonly faultKinds: readonly FaultKind[]
  readonly options: Readonly<Record<string, string | number | boolean>>
  readonly command: string
}

/** A run with a schedule of its own, kept in `store/` as those of `dure test` are: history, logs, verdict, report. */
export class RecordedRun {
  readonly directory: RunDirectory
  readonly log: EventLog
  readonly surprises: string[] = []
  readonly #description: RunDescription
  readonly #files: HistoryFiles
  readonly #startedAt = new Date()
  readonly #beganMs = performance.now()

  constructor(description: RunDescription) {
    this.#description = description
    mkdirSync('store', { recursive: true })
    this.directory = RunDirectory.create('store', description.name, this.#startedAt)
    this.#files = new HistoryFiles(this.directory.path)
    this.log = new EventLog(
      () => performance.now() - this.#beganMs,
      (event) => this.#files.add(event),
    )
  }

  /** One call, from its beginning to its end. Undefined when it failed or nobody knows. */
  async call<Value extends HistoryValue>(
    about: {
      readonly process: number
      readonly f: string
      readonly key?: number
      readonly value: HistoryValue
    },
    body: () => Promise<Value>,
  ): Promise<Value | undefined> {
    this.log.add({ ...about, type: 'invoke' })
    try {
      const value = await body()
      this.log.add({ ...about, type: 'ok', value })
      return value
    } catch (error) {
      const isFailed = about.f === 'read' || (error instanceof DureError && error.outcome === 'failed')
      const told = error instanceof DureError ? error.code : String(error)
      this.log.add({ ...about, type: isFailed ? 'fail' : 'info', error: told })
      return undefined
    }
  }

  fault(phase: 'begin' | 'end', kind: FaultKind, described: string): void {
    this.log.add({ process: 'nemesis', type: 'info', f: `${phase}-${kind}`, value: described })
  }

  async finish(check: (history: RecordedHistory) => CheckResult): Promise<CheckResult> {
    await this.#files.close()
    const { name, description, model, nodes, faultKinds, options, command } = this.#description
    const result = check(this.log.history)
    const setup = {
      name,
      workload: { name, description },
      engine: 'etcd',
      version: '',
      startedAt: this.#startedAt.toISOString(),
      nodes: Array.from({ length: nodes }, (_, i) => String(i + 1)),
      faultKinds,
      options,
      replayCommand: command,
      checkCommand: `dure check ${this.directory.at('history.jsonl')} --model ${model}`,
    }
    const { verdict, summary } = result
    const results = testResults({
      ...{ verdict, summary, result, events: this.log.history.events, isInterrupted: false },
      surprises: this.surprises,
      files: ['history.jsonl', 'history.edn', ...logsIn(this.directory.path)],
    })
    this.directory.writeSetup(setup)
    this.directory.writeResults(results)
    await writeReport(this.directory, { setup, results, history: this.log.history }, result)
    console.log(`${verdict}: ${summary}`)
    console.log(`${setup.checkCommand}\n${this.directory.at('index.html')}`)
    return result
  }
}

const logsIn = (directory: string): readonly string[] =>
  readdirSync(directory).filter((file) => file.endsWith('.log'))
