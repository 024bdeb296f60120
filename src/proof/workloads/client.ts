import { DureError } from '../../foundation/errors.ts'
import type { Request } from './generator/generator.ts'
import { Rows } from './rows.ts'
import type { Answer, WorkerContext, WorkloadClient } from './workload.ts'

/** A client that keeps nothing between its calls: one function that does what is asked with the rows of the run. */
export function rowsClient(
  { store, runtime }: WorkerContext,
  prefix: string,
  invoke: (rows: Rows, request: Request) => Promise<Answer>,
): WorkloadClient {
  return {
    async invoke(request, { timeoutMs }) {
      try {
        return await invoke(new Rows(store, prefix, runtime, timeoutMs), request)
      } catch (error) {
        // Somebody else was first: an answer, and one that the history should have.
        if (error instanceof DureError && error.code === 'comparison-failed')
          return { type: 'fail', error: error.code }
        throw error
      }
    },
  }
}

export const ok = (value: Extract<Answer, { type: 'ok' }>['value']): Answer => ({ type: 'ok', value })
export const fail = (error: string): Answer => ({ type: 'fail', error })
