import { absent } from '../../../ports/key-value/version.ts'
import { checkBank } from '../../verify/checks/bank/check-bank.ts'
import type { HistoryValue } from '../../verify/history/event.ts'
import { fail, ok, rowsClient } from '../client.ts'
import { eachWorker, limit, mix, repeat, retried } from '../generator/combinators.ts'
import type { Asking, Generator, Request } from '../generator/generator.ts'
import { Rows, type RowValue } from '../rows.ts'
import { PREPARE_TIMEOUT_MS, type Workload } from '../workload.ts'

const ACCOUNTS = 8
const TOTAL = 100
const AMOUNT_MAX = 5
const accounts = Array.from({ length: ACCOUNTS }, (_, i) => i)

/** Money moves between accounts, and every read of all accounts must find the same total. */
export const bank: Workload = {
  name: 'bank',
  description: 'transfers between accounts; the total of all of them never changes, and none is overdrawn',
  plan: ({ prefix }) => ({
    load: mix([reads(), repeat(transfer)]),
    finalReads: retried(eachWorker(() => limit(1, reads()))),
    atLeast: { read: 10, transfer: 10 },
    async prepare(store, runtime) {
      const rows = new Rows(store, prefix, runtime, PREPARE_TIMEOUT_MS)
      // Only if they are not there: an attempt of unknown outcome must not come back and undo transfers.
      const missing = new Map([[account(0), { value: null, version: absent }]])
      await rows.commit(missing, new Map(accounts.map((i) => [account(i), i === 0 ? TOTAL : 0])))
    },
    open: (worker) =>
      rowsClient(worker, prefix, async (rows, { f, value }) => {
        if (f === 'read') {
          const balances = await rows.readAll('account/')
          return ok(new Map([...balances].map(([name, row]) => [name, row.value as HistoryValue])))
        }
        const { from, to, amount } = requested(value)
        const read = new Map([
          [account(from), await rows.read(account(from))],
          [account(to), await rows.read(account(to))],
        ])
        const balance = (i: number) => read.get(account(i))!.value as number
        if (balance(from) < amount) return fail('insufficient-funds')
        const after = new Map<string, RowValue>([
          [account(from), balance(from) - amount],
          [account(to), balance(to) + amount],
        ])
        return (await rows.commit(read, after)).committed ? ok(value) : fail('comparison-failed')
      }),
    check: (history) => checkBank(history, { total: TOTAL, accounts }),
  }),
}

const account = (i: number): string => `account/${i}`
const reads = (): Generator => repeat(() => ({ f: 'read', value: null }))

function transfer({ random }: Asking): Request {
  const from = random.integer(0, ACCOUNTS - 1)
  const to = (from + random.integer(1, ACCOUNTS - 1)) % ACCOUNTS
  const amount = random.integer(1, AMOUNT_MAX)
  return { f: 'transfer', value: new Map(Object.entries({ from, to, amount })) }
}

function requested(value: HistoryValue) {
  const transfer = value as ReadonlyMap<string, number>
  return { from: transfer.get('from')!, to: transfer.get('to')!, amount: transfer.get('amount')! }
}
