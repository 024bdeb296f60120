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

type Step = readonly [f: string, key: unknown, value: unknown]

/**
 * A transaction comes back as it was sent, with what its reads found. A program that leaves steps out, or answers others,
 * would be judged by those: it has not done what it was asked.
 */
function txnRpc(asked: readonly Step[]) {
  const txn = z.array(z.tuple([z.string(), z.any(), z.any()])).superRefine((answered, context) => {
    const wrong = Array.from({ length: Math.max(asked.length, answered.length) }).findIndex(
      (_, i) => !isAnswer(asked[i], answered[i]),
    )
    if (wrong === -1) return
    const found = answered[wrong] === undefined ? 'it is missing' : JSON.stringify(answered[wrong])
    const sent = asked[wrong] === undefined ? 'there was none' : JSON.stringify(asked[wrong])
    context.addIssue({
      code: 'custom',
      path: [wrong],
      message: `each step comes back as it was sent, with what a read found. Sent: ${sent}; answered: ${found}`,
    })
  })
  return rpc('txn', { txn }, '"txn": [[f, key, value], …], the steps that were sent')
}

function isAnswer(asked: Step | undefined, answered: Step | undefined): boolean {
  if (asked === undefined || answered === undefined) return false
  const [f, key, value] = asked
  return answered[0] === f && answered[1] === key && (f === 'r' || answered[2] === value)
}

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
    }).load,
    atLeast: { txn: 2 },
    open: (call) =>
      client([], async ({ value }) => {
        const { txn } = await call(txnRpc(value as readonly Step[]), { txn: value })
        return historyValueOf(txn)
      }),
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
