import { statSync } from 'node:fs'
import { extname } from 'node:path'
import { DureError } from '../../../foundation/errors.ts'
import type { CheckResult } from '../../../proof/verify/verdict/verdict.ts'
import { askThread } from '../../threads/ask-thread.ts'
import type { JudgeAnswer, JudgeJob } from './judge-job.ts'

/** TypeScript in the checkout, JavaScript in the package. */
const worker = new URL(`./judge-worker${extname(import.meta.url)}`, import.meta.url)
const TIME_LIMIT_MS = 300_000
const MEMORY_BYTES = 1 << 30

/**
 * Judges a recorded history in a thread, so that Ctrl-C is heard and time goes on meanwhile. It is read from its file, so
 * that the verdict is of what was recorded. Errors: `invalid` for one that cannot be read; `aborted` when `signal` fires.
 *
 * A thread that outgrows its memory ends alone, and the answer is `unknown`.
 */
export async function judgeHistory(
  path: string,
  workload: string,
  signal: AbortSignal,
): Promise<CheckResult> {
  const job: JudgeJob = {
    path,
    workload,
    memoryBytes: MEMORY_BYTES,
    deadlineMs: Date.now() + TIME_LIMIT_MS,
  }
  const answer = await askThread<JudgeAnswer>(
    {
      worker,
      job,
      limits: job,
      textBytes: sizeOf(path),
      spent: (result): JudgeAnswer => ({ kind: 'judged', result }),
    },
    signal,
  )
  if (answer.kind === 'refused') throw new DureError(answer.code, answer.message)
  return answer.result
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch (cause) {
    const advice = 'name the directory of a run, for example store/latest'
    throw new DureError('invalid', `there is no history ${path}: ${advice}`, { cause })
  }
}
