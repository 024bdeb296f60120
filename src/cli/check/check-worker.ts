import { parentPort, workerData } from 'node:worker_threads'
import { DureError } from '../../foundation/errors.ts'
import { readEvents } from '../../proof/files/read-history.ts'
import { hasKeysInValues } from '../../proof/verify/catalogue/linearizability-model.ts'
import { nameCheck } from '../../proof/verify/catalogue/named-check.ts'
import { checkLevel, runNamedCheck } from '../../proof/verify/check-history.ts'
import { HistoryError } from '../../proof/verify/history/history-error.ts'
import { collectHistory } from '../../proof/verify/history/parse-history.ts'
import { readIsolationHistory } from '../../proof/verify/isolation/history/read-isolation-history.ts'
import type { Budget } from '../../proof/verify/verdict/budget.ts'
import { readChunks } from '../../runtime/node/read-chunks.ts'
import type { CheckAnswer, CheckJob, CheckLimits } from './check-job.ts'
import { checkLinearizableOnThreads } from './check-parts.ts'
import type { CheckedHistory } from './checked-history.ts'

async function answer(job: CheckJob): Promise<CheckAnswer> {
  const beganMs = performance.now()
  try {
    const checked = await (isOfSessions(job) ? checkSessions(job) : check(job))
    return { kind: 'checked', checked: { ...checked, tookMs: performance.now() - beganMs } }
  } catch (thrown) {
    const error = thrown instanceof HistoryError ? thrown.in(job.input.source) : thrown
    if (error instanceof DureError) return { kind: 'refused', code: error.code, message: error.message }
    throw error
  }
}

type Checked = Omit<CheckedHistory, 'tookMs'>

async function check({ input, format, request, limits, threads }: CheckJob): Promise<Checked> {
  const { source, chunks } = input
  const stream = readEvents(chunks ?? source, format && { format })
  const history = collectHistory(stream)
  const named = nameCheck(request, history)
  const result =
    named.family === 'linearizability' && threads > 1
      ? await checkLinearizableOnThreads(history, named, limits, { threads })
      : runNamedCheck(history, named, budgetOf(limits))
  const { name: model, consistency } = named
  return {
    source,
    history: {
      format: stream.format,
      origin: history.origin,
      events: history.events.length,
      keyed: hasKeysInValues(history, named),
    },
    model,
    consistency,
    result,
  }
}

const isOfSessions = ({ format, request: { model = 'isolation' } }: CheckJob): boolean =>
  format === 'isolation' && model === 'isolation'

/** Large ones come in this form: it goes into the checker without an event for each transaction. */
function checkSessions({ input: { source, chunks }, request, limits }: CheckJob): Checked {
  const { name: model, consistency } = nameCheck(request, { origin: 'isolation' })
  const history = readIsolationHistory(chunks ?? readChunks(source))
  const result = checkLevel(history, consistency, budgetOf(limits))
  // A call and a return for each.
  const events = 2 * history.transactions
  const read = { format: 'isolation', origin: 'isolation', events, keyed: false } as const
  return { source, history: read, model, consistency, result }
}

const budgetOf = ({ memoryBytes, deadlineMs }: CheckLimits): Budget => ({
  steps: Number.POSITIVE_INFINITY,
  memoryBytes,
  isOver: () => Date.now() > deadlineMs,
})

// A thread with one job: a history in, its verdict out.
parentPort!.postMessage((await answer(workerData as CheckJob)) satisfies CheckAnswer)
