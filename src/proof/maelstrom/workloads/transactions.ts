import { z } from 'zod'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import { checkTransactions } from '../../verify/transactions/check-transactions.ts'
import type { CheckResult } from '../../verify/verdict/verdict.ts'
import { transactions } from '../../workloads/transactions/transactions.ts'
import { historyValueOf } from '../protocol/json-value.ts'
import { described } from './described.ts'
import {
  client,
  type MaelstromWorkload,
  type PlanCheckOptions,
  type PlanOptions,
} from './maelstrom-workload.ts'
import { rpc } from './replies.ts'

const txnRpc = rpc(
  'txn',
  { txn: z.array(z.tuple([z.string(), z.any(), z.any()])) },
  '"txn": [[f, key, value], …]',
)

export const txnListAppend: MaelstromWorkload = {
  ...described('txn-list-append'),
  plan: (options) => plan('append', options),
}

export const txnRwRegister: MaelstromWorkload = {
  ...described('txn-rw-register'),
  plan: (options) => plan('w', options),
}

function plan(write: 'append' | 'w', options: PlanOptions): ReturnType<MaelstromWorkload['plan']> {
  const { consistencyModels, keyCount, transactionLengthMax, writesPerKeyMax } = options
  return {
    load: transactions(write, {
      keys: keyCount ?? 10,
      operationsMax: transactionLengthMax ?? 4,
      writesPerKeyMax: writesPerKeyMax ?? 16,
    }),
    atLeast: { txn: 2 },
    open: (call) => client([], async ({ value }) => historyValueOf((await call(txnRpc, { txn: value })).txn)),
    check: (history, options) => checkEach(write, consistencyModels, history, options),
  }
}

/** The worst of what each model says. */
function checkEach(
  write: 'append' | 'w',
  consistencyModels: PlanOptions['consistencyModels'],
  history: RecordedHistory,
  { budget }: PlanCheckOptions,
): CheckResult {
  const results = consistencyModels.map((consistency) =>
    checkTransactions(history, {
      workload: write === 'append' ? 'list-append' : 'rw-register',
      consistency,
      // Nobody says that a single key is linearizable, but this model does.
      ...(write === 'w' && consistency === 'strict-serializable' ? { linearizableKeys: true } : {}),
      ...(budget === undefined ? {} : { budget }),
    }),
  )
  const severity = { invalid: 2, unknown: 1, valid: 0 } as const
  return results.reduce((worst, result) =>
    severity[result.verdict] > severity[worst.verdict] ? result : worst,
  )
}
