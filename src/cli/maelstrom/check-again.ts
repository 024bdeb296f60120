import { DureError } from '../../foundation/errors.ts'
import { availabilityOf, judge } from '../../proof/maelstrom/run/judgement.ts'
import type { NodeProblem } from '../../proof/maelstrom/run/maelstrom-cluster.ts'
import { maelstromWorkloads } from '../../proof/maelstrom/workloads/catalogue.ts'
import type { RecordedHistory } from '../../proof/verify/history/recorded-history.ts'
import type { CheckResult } from '../../proof/verify/verdict/verdict.ts'
import type { TestResults, TestSetup } from '../../proof/workloads/run/test-record.ts'

/** What a recorded test of programs shows, judged anew, and how many calls it must have for that. */
export function judgeProgramsAgain(
  { workload: { name }, nodes, maelstrom }: TestSetup,
  history: RecordedHistory,
  before: TestResults | undefined,
): { readonly result: CheckResult; readonly atLeast: Readonly<Record<string, number>> } {
  const workload = maelstromWorkloads.find((each) => each.name === name)
  if (workload === undefined)
    throw new DureError(
      'invalid',
      `what was recorded is of the workload ${name}, and there is none of that name`,
    )
  const { consistencyModels = ['strict-serializable'], availability } = maelstrom ?? {}
  // What a plan checks depends on none of the rest: that shapes its load.
  const plan = workload.plan({
    nodes,
    workers: nodes.length,
    topology: {},
    consistencyModels,
    crashClients: true,
  })
  const { problems = [] } = (before ?? {}) as { readonly problems?: readonly NodeProblem[] }
  const found = plan.check(history, { finalFrom: before?.finalFrom })
  return { result: judge(found, problems, availabilityOf(history, availability)), atLeast: plan.atLeast }
}
