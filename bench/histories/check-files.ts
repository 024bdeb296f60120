import { readHistory } from '../../src/proof/files/read-history.ts'
import { checkHistory, checkLevel } from '../../src/proof/verify/check-history.ts'
import type { HistoryFormat } from '../../src/proof/verify/history/format/history-format.ts'
import { readIsolationHistory } from '../../src/proof/verify/isolation/history/read-isolation-history.ts'
import type { CheckResult, Verdict } from '../../src/proof/verify/verdict/verdict.ts'
import { readChunks } from '../../src/runtime/node/read-chunks.ts'
import { median } from '../measurement/median.ts'

/** What a process of its own reads and checks: a fresh one, so that the first round is what a person waits for. */
export interface FilesToCheck {
  readonly files: readonly string[]
  readonly model: string
  readonly consistency?: string
  readonly format?: HistoryFormat
  readonly rounds: number
}

export interface CheckedFile {
  readonly file: string
  readonly verdict: Verdict
  readonly events: number
  /** Of the first round, when nothing is compiled yet; reading included. */
  readonly firstMs: number
  /** Medians over the rounds: the check alone, and with the reading. */
  readonly checkMs: number
  readonly totalMs: number
  readonly steps: number
  /** What the checker says that it held. */
  readonly memoryBytes: number
}

export interface CheckedFiles {
  readonly files: readonly CheckedFile[]
  /** The most that the whole process ever had in memory, Node itself included. */
  readonly peakResidentBytes: number
}

function checkFile(file: string, asked: FilesToCheck): CheckedFile {
  const checks: number[] = []
  const totals: number[] = []
  let events = 0
  let result: CheckResult | undefined
  for (let round = 0; round < asked.rounds; round++) {
    const beganMs = performance.now()
    const { run, count } = readFile(file, asked)
    const readMs = performance.now()
    result = run()
    const doneMs = performance.now()
    checks.push(doneMs - readMs)
    totals.push(doneMs - beganMs)
    events = count
  }
  const { verdict, spent } = result!
  return {
    file,
    verdict,
    events,
    firstMs: totals[0]!,
    checkMs: median(checks),
    totalMs: median(totals),
    steps: spent.steps,
    memoryBytes: spent.memoryBytes,
  }
}

/** As `dure check` does it: sessions go into their checker without an event for each transaction. */
function readFile(
  file: string,
  { model, consistency, format }: FilesToCheck,
): { readonly count: number; run(): CheckResult } {
  if (format === 'isolation') {
    const history = readIsolationHistory(readChunks(file))
    return { count: 2 * history.transactions, run: () => checkLevel(history, consistency, {}) }
  }
  const history = readHistory(file, format && { format })
  return {
    count: history.events.length,
    run: () => checkHistory(history, { model, ...(consistency !== undefined && { consistency }) }),
  }
}

process.once('message', (asked: FilesToCheck) => {
  const files = asked.files.map((file) => checkFile(file, asked))
  const peakResidentBytes = process.resourceUsage().maxRSS * 1_024
  process.send!({ files, peakResidentBytes } satisfies CheckedFiles, () => process.disconnect())
})
