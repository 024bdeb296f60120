import { DureError } from '../../../foundation/errors.ts'
import { absent } from '../../../ports/key-value/version.ts'
import { checkTotalQueue } from '../../verify/checks/queue/check-total-queue.ts'
import { fail, ok, rowsClient } from '../client.ts'
import { mix, phases, repeat, until } from '../generator/combinators.ts'
import type { Generator } from '../generator/generator.ts'
import type { Rows } from '../rows.ts'
import type { Answer, Workload } from '../workload.ts'

/**
 * Jobs go in as rows, and the first one is taken out by a commit that removes it and notes who took it: none comes out
 * twice, and in the end none is missing. The note settles what a dequeue without an answer did, as a worker that starts
 * again would find the jobs that it had claimed.
 */
export const queue: Workload = {
  name: 'queue',
  description:
    'puts jobs in and takes the first one out; each comes out once, and after a drain none is missing',
  plan({ prefix }) {
    let jobs = 0
    let claims = 0
    const unsettled: { readonly job: string; readonly claim: number }[] = []
    /** What the last dequeue found. */
    let isEmpty = false
    let isSettled = false

    async function dequeue(rows: Rows): Promise<Answer> {
      const [first] = await rows.readAll('job/', 1)
      isEmpty = first === undefined
      if (first === undefined) return fail('empty')
      const [job, row] = first
      const claim = claims++
      try {
        const { committed } = await rows.commit(
          new Map([[`job/${job}`, row]]),
          new Map([
            [`job/${job}`, undefined],
            [`claim/${job}`, claim],
          ]),
        )
        return committed ? ok(row.value) : fail('comparison-failed')
      } catch (error) {
        if (!(error instanceof DureError && error.outcome === 'failed')) unsettled.push({ job, claim })
        throw error
      }
    }

    /** Called when nothing is left inside: no claim can come true any more. */
    async function settle(rows: Rows): Promise<Answer> {
      const taken: number[] = []
      for (const { job, claim } of unsettled) {
        if ((await rows.read(`claim/${job}`)).value === claim) taken.push(Number(job))
      }
      isSettled = true
      return ok(taken)
    }

    return {
      load: mix([repeat(() => ({ f: 'enqueue', value: jobs++ })), dequeues()]),
      finalReads: phases([
        until(
          () => isEmpty,
          () => ({ f: 'dequeue', value: null }),
        ),
        until(
          () => isSettled,
          () => ({ f: 'drain', value: null }),
        ),
      ]),
      atLeast: { enqueue: 10, dequeue: 10 },
      open: (worker) =>
        rowsClient(worker, prefix, async (rows, { f, value }) => {
          if (f === 'dequeue') return dequeue(rows)
          if (f === 'drain') return settle(rows)
          // Names of eight digits lie in the order of their numbers.
          const name = `job/${String(value).padStart(8, '0')}`
          await rows.write(name, value as number, { ifVersion: absent })
          return ok(value)
        }),
      check: (history) => checkTotalQueue(history, { unansweredTake: false }),
    }
  },
}

const dequeues = (): Generator => repeat(() => ({ f: 'dequeue', value: null }))
