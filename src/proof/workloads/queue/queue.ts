import { DureError } from '../../../foundation/errors.ts'
import { absent } from '../../../ports/key-value/version.ts'
import { checkTotalQueue } from '../../verify/checks/queue/check-total-queue.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import { fail, ok, rowsClient } from '../client.ts'
import { mix, repeat, until } from '../generator/combinators.ts'
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
    let isDrained = false

    async function dequeue(rows: Rows): Promise<Answer> {
      const [first] = await rows.readAll('job/', 1)
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

    /** What is inside, and what unanswered dequeues have taken: all of one moment. */
    async function drain(rows: Rows): Promise<Answer> {
      const left = await rows.readAll('')
      isDrained = true
      const inside = [...left].filter(([name]) => name.startsWith('job/')).map(([, row]) => row.value)
      const taken = unsettled.filter(({ job, claim }) => left.get(`claim/${job}`)?.value === claim)
      return ok([...inside, ...taken.map(({ job }) => Number(job))])
    }

    return {
      load: mix([repeat(() => ({ f: 'enqueue', value: jobs++ })), dequeues()]),
      finalReads: until(
        () => isDrained,
        () => ({ f: 'drain', value: null }),
      ),
      atLeast: { enqueue: 10, dequeue: 10 },
      open: (worker) =>
        rowsClient(worker, prefix, async (rows, { f, value }) => {
          if (f === 'dequeue') return dequeue(rows)
          if (f === 'drain') return drain(rows)
          // Names of eight digits lie in the order of their numbers.
          const name = `job/${String(value).padStart(8, '0')}`
          await rows.write(name, value as number, { ifVersion: absent })
          return ok(value)
        }),
      check: (history) => checkTotalQueue(history, wasDrained(history) ? { unansweredTake: false } : {}),
    }
  },
}

/** Without a drain nobody knows what unanswered dequeues have taken. Seen in the history, which may be judged anywhere. */
const wasDrained = ({ events }: RecordedHistory): boolean =>
  events.some(({ f, type }) => f === 'drain' && type === 'ok')

const dequeues = (): Generator => repeat(() => ({ f: 'dequeue', value: null }))
