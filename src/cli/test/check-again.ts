import { DureError } from '../../foundation/errors.ts'
import { type FaultKind, faultKinds } from '../../proof/chaos/nemesis/cluster-under-test.ts'
import { readHistory } from '../../proof/files/read-history.ts'
import { workloadNamed } from '../../proof/workloads/catalogue.ts'
import { conclude } from '../../proof/workloads/run/run-plan.ts'
import type { TestSetup } from '../../proof/workloads/run/test-record.ts'
import { judgeHistory } from './judge/judge-history.ts'
import type { FinishedTest } from './run-test.ts'
import type { RunDirectory } from './store/run-directory.ts'
import { testResults } from './test-results.ts'
import { writeReport } from './write-report.ts'

/**
 * Judges a recorded run again, and writes its results and its report anew: after a better checker, or where a run died
 * before it came to its verdict: that one shows what is wrong in it, and nothing more.
 */
export async function checkAgain(directory: RunDirectory, signal: AbortSignal): Promise<FinishedTest> {
  const setup = directory.readSetup()
  requireOurs(setup, directory)
  const path = directory.at('history.jsonl')
  const before = directory.readResults()
  const history = readHistory(path)
  const { events } = history
  const { result, atLeast } =
    setup.maelstrom === undefined
      ? {
          result: await judgeHistory(path, setup.workload.name, signal),
          atLeast: workloadNamed(setup.workload.name).plan({ workers: 1, prefix: '' }).atLeast,
        }
      : (await import('../maelstrom/check-again.ts')).judgeProgramsAgain(setup, history, before)
  const judged = {
    result,
    events,
    isInterrupted: before?.isInterrupted ?? false,
    surprises: before?.surprises ?? [],
    files: before?.files ?? ['history.jsonl', 'history.edn'],
    finalFrom: before?.finalFrom,
    unfinished: before === undefined ? 'The run did not come to its end.' : before.unfinished,
  }
  const { calls, faults } = testResults({ ...judged, verdict: result.verdict, summary: '' })
  const concluded = conclude(result, {
    atLeast,
    acknowledged: new Map(Object.entries(calls).map(([f, { acknowledged }]) => [f, acknowledged])),
    kinds: setup.faultKinds,
    faults: new Map(
      faultKinds.flatMap((kind): [FaultKind, number][] => (kind in faults ? [[kind, faults[kind]!]] : [])),
    ),
    unfinished: judged.unfinished,
  })
  // What only the run itself could count, such as messages, stays as it was.
  const results = { ...before, ...testResults({ ...judged, ...concluded }) }
  directory.writeResults(results)
  const record = { setup, results, history }
  await writeReport(directory, record, result)
  return { record, result, directory }
}

/** A service of somebody's own may be called as a workload of ours is, and means something else. */
function requireOurs({ checkCommand, name }: TestSetup, directory: RunDirectory): void {
  if (checkCommand?.startsWith('dure test --check') === true) return
  const advice = checkCommand ?? `dure check ${directory.at('history.jsonl')} --model …`
  throw new DureError('invalid', `${name} has a check of its own, which is not known here: use ${advice}`)
}
