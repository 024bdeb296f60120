import { extname } from 'node:path'
import { DureError } from '../../foundation/errors.ts'
import { askThread } from '../threads/ask-thread.ts'
import type { CheckAnswer, CheckJob, CheckLimits } from './check-job.ts'
import type { CheckedHistory } from './checked-history.ts'

/** TypeScript in the checkout, JavaScript in the package. */
const worker = new URL(`./check-worker${extname(import.meta.url)}`, import.meta.url)

/**
 * Reads and checks a history in a thread; what was read from standard input is handed over to it. Errors: `invalid` for a
 * history that cannot be read; `aborted` when `signal` fires.
 *
 * A thread that outgrows its memory, or goes on after its deadline, is an answer: `unknown`.
 */
export async function runCheck(
  job: CheckJob,
  signal: AbortSignal,
  { graceMs }: { readonly graceMs?: number } = {},
): Promise<CheckedHistory> {
  const { input, request, limits } = job
  const beganMs = performance.now()
  const answer = await askThread<CheckAnswer>(
    {
      worker,
      job,
      limits,
      transfer: input.chunks?.map(({ buffer }) => buffer) ?? [],
      textBytes: input.sizeBytes,
      spent: (result, what): CheckAnswer => ({
        kind: 'checked',
        checked: {
          source: input.source,
          history: undefined,
          model: request.model,
          consistency: request.consistency,
          result: { ...result, summary: `${result.summary} Allow more with ${flagOf[what](limits)}.` },
          tookMs: performance.now() - beganMs,
        },
      }),
      ...(graceMs !== undefined && { graceMs }),
    },
    signal,
  )
  if (answer.kind === 'refused') throw new DureError(answer.code, answer.message)
  return answer.checked
}

const flagOf = {
  time: () => '--time-limit',
  memory: ({ memoryBytes }: CheckLimits) => `--memory (${Math.ceil(memoryBytes / MIB)} MiB now)`,
}

const MIB = 1 << 20
