import { checkTransactions } from '../../verify/transactions/check-transactions.ts'
import type { Workload } from '../workload.ts'
import { transactions, transactionsClient } from './transactions.ts'

/** Lists that only grow: every read tells the whole history of its key, so that most of what can go wrong shows. */
export const listAppend: Workload = {
  name: 'list-append',
  description:
    'transactions that append to lists and read them; there is one order of all, and it is that of time',
  plan: ({ prefix }) => ({
    ...transactions('append'),
    atLeast: { txn: 20 },
    open: (worker) => transactionsClient(worker, prefix),
    check: (history, budget) =>
      checkTransactions(history, {
        workload: 'list-append',
        consistency: 'strict-serializable',
        ...(budget === undefined ? {} : { budget }),
      }),
  }),
}
