import { checkTransactions } from '../../verify/transactions/check-transactions.ts'
import type { Workload } from '../workload.ts'
import { transactions, transactionsClient } from './transactions.ts'

/** Registers that are overwritten, as most data is: less can be told from a read, and other mistakes are likely. */
export const rwRegister: Workload = {
  name: 'rw-register',
  description:
    'transactions that write and read registers; there is one order of all, and it is that of time',
  plan: ({ prefix }) => ({
    ...transactions('w'),
    atLeast: { txn: 20 },
    open: (worker) => transactionsClient(worker, prefix),
    check: (history, budget) =>
      checkTransactions(history, {
        workload: 'rw-register',
        consistency: 'strict-serializable',
        // Each key by itself is linearizable: who wrote later in time has the later version.
        linearizableKeys: true,
        ...(budget === undefined ? {} : { budget }),
      }),
  }),
}
