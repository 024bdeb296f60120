import { extname } from 'node:path'
import { linearizabilityModel, withKeysApart } from '../../proof/verify/catalogue/linearizability-model.ts'
import type { NamedCheck } from '../../proof/verify/catalogue/named-check.ts'
import type { RecordedHistory } from '../../proof/verify/history/recorded-history.ts'
import { checkPart, splitHistory } from '../../proof/verify/linearizability/check-linearizable.ts'
import {
  combineParts,
  type LinearizabilityResult,
  type PartResult,
} from '../../proof/verify/linearizability/linearizability-result.ts'
import type { AnyLibraryModel } from '../../proof/verify/linearizability/models/models.ts'
import type { Part } from '../../proof/verify/linearizability/split-history.ts'
import { runOnThreads } from '../threads/run-on-threads.ts'
import type { CheckLimits } from './check-job.ts'
import type { ModelForParts, PartsAnswer, PartsJob } from './part-worker.ts'

/** TypeScript in the checkout, JavaScript in the package. */
const worker = new URL(`./part-worker${extname(import.meta.url)}`, import.meta.url)

type AnyPart = Part<unknown, unknown>

/** What is decided this fast gains nothing by threads: they start, load and are handed the parts in that time. */
const ALONE_MS = 1_000
/** Steps of the first look at a part; each time that it comes round again it gets a multiple. */
const FIRST_STEPS = 20_000
const TURN_GROWTH = 16
/** So many operations are handed out together, so that small parts do not travel one by one. */
const OPERATIONS_AT_ONCE = 2_000

/**
 * `checkLinearizable` with the parts of the history on several threads. They take turns there as they do in one: each
 * gets a few steps first, so that a part that is hard and right does not hide one that is easy and wrong.
 */
export async function checkLinearizableOnThreads(
  history: RecordedHistory,
  check: NamedCheck,
  limits: CheckLimits,
  { threads, aloneMs = ALONE_MS }: { readonly threads: number; readonly aloneMs?: number },
): Promise<LinearizabilityResult> {
  const { parts, model } = splitHistory(withKeysApart(history, check), linearizabilityModel(check)!)
  const { results, open } = beginAlone(parts, model, limits, aloneMs)
  const isOver = results.some(({ verdict }) => verdict === 'invalid')
  if (!isOver && open.length > 0) results.push(...(await goOnTogether(open, model, limits, threads)))
  return combineParts(results)
}

/** The first turn of as many parts as there is time for. */
function beginAlone(
  parts: readonly AnyPart[],
  model: AnyLibraryModel,
  { memoryBytes, deadlineMs }: CheckLimits,
  aloneMs: number,
): { results: PartResult[]; open: OpenParts[] } {
  const results: PartResult[] = []
  const tried: AnyPart[] = []
  const untilMs = Math.min(deadlineMs, Date.now() + aloneMs)
  let next = 0
  for (; next < parts.length && Date.now() < untilMs; next++) {
    const part = parts[next]!
    const result = checkPart(part, model, { steps: FIRST_STEPS, memoryBytes })
    if (result.verdict === 'unknown') tried.push(part)
    else results.push(result)
    if (result.verdict === 'invalid') return { results, open: [] }
  }
  return {
    results,
    open: [
      ...inBatches(parts.slice(next)).map((batch) => ({ parts: batch, steps: FIRST_STEPS })),
      ...tried.map((part) => ({ parts: [part], steps: FIRST_STEPS * TURN_GROWTH })),
    ],
  }
}

/** Parts that wait, and how many steps each gets. */
type OpenParts = Pick<PartsJob, 'parts' | 'steps'>

function inBatches(parts: readonly AnyPart[]): AnyPart[][] {
  const batches: AnyPart[][] = []
  let operations = Number.POSITIVE_INFINITY
  for (const part of parts) {
    if (operations >= OPERATIONS_AT_ONCE) {
      batches.push([])
      operations = 0
    }
    batches.at(-1)!.push(part)
    operations += part.operations.length
  }
  return batches
}

async function goOnTogether(
  waiting: OpenParts[],
  model: AnyLibraryModel,
  limits: CheckLimits,
  threadsMax: number,
): Promise<PartResult[]> {
  const results: PartResult[] = []
  const underWay = new Map<number, OpenParts>()
  let jobs = 0
  const threads = Math.min(
    threadsMax,
    waiting.reduce((sum, { parts }) => sum + parts.length, 0),
  )
  const data: ModelForParts = {
    name: model.name,
    options: model.options,
    memoryBytes: limits.memoryBytes / threads,
    deadlineMs: limits.deadlineMs,
  }
  await runOnThreads<PartsJob, PartsAnswer>(worker, {
    threads,
    data,
    next: () => {
      const open = waiting.shift()
      if (open === undefined) return undefined
      underWay.set(++jobs, open)
      return { job: jobs, ...open }
    },
    onAnswer: ({ job, results: answered }) => {
      const { parts, steps } = underWay.get(job)!
      underWay.delete(job)
      for (const [at, result] of answered.entries()) {
        const wantsMore = result.verdict === 'unknown' && result.spent.steps >= steps
        if (wantsMore && Date.now() < limits.deadlineMs) {
          waiting.push({ parts: [parts[at]!], steps: steps * TURN_GROWTH })
        } else results.push(result)
      }
      return answered.every(({ verdict }) => verdict !== 'invalid')
    },
  })
  return results
}
