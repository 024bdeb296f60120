import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { entriesOf } from '../../history/value/parts-of.ts'
import { valueKey } from '../../history/value/value-key.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { operationsOf, spentOn, wrongShape } from '../client-operations.ts'
import { type Integer, integerFrom, sum } from '../integer.ts'

export interface BankOptions extends CheckOptions {
  /** What all accounts hold together. Unless told, the total that most reads found: it must be the same in all. */
  readonly total?: number
  /** The accounts there are. Unless told, no account is unexpected. */
  readonly accounts?: readonly (number | string)[]
  /** Whether an account may be overdrawn; false unless told. */
  readonly negativeBalances?: boolean
}

export interface BankResult extends CheckResult {
  readonly statistics: BankStatistics
}

export interface BankStatistics {
  readonly reads: number
  /** Transfers that were acknowledged. */
  readonly transfers: number
  /** Reads that are wrong in some way. */
  readonly wrongReads: number
  /** The total that was held to be right; undefined when no read could be added up. */
  readonly total: Integer | undefined
  readonly lowestTotal: Integer | undefined
  readonly highestTotal: Integer | undefined
}

/** What nearly every read has nothing of: one list for all of them. */
const none: readonly string[] = []

interface Balances {
  readonly read: RecordedOperation
  readonly count: number
  readonly total: Integer
  readonly unknown: readonly string[]
  readonly missing: readonly string[]
  readonly overdrawn: readonly string[]
}

/**
 * Whether transfers between accounts ever show: the total of all accounts is the same in every read.
 *
 * ```ts
 * checkBank(history, { total: 100 }) // reads answer with { 'a': 60, 'b': 40 }
 * ```
 *
 * Snapshot isolation keeps the total; so a read that found another one has seen half a transfer. An account by its text:
 * in JSON the account 0 is read back as `"0"`.
 */
export function checkBank(history: RecordedHistory, options: BankOptions = {}): BankResult {
  const operations = operationsOf(history, ['read', 'transfer'])
  const accounts = options.accounts === undefined ? undefined : new Set(options.accounts.map(String))
  const all: Balances[] = []
  let [transfers, values] = [0, 0]
  for (const operation of operations) {
    if (operation.outcome !== 'ok') continue
    if (operation.f === 'transfer') transfers++
    else all.push(balancesIn(history, operation, accounts))
  }
  const total = options.total ?? mostCommonTotal(all)
  const anomalies = new AnomalyList(
    ['wrong-total', 'negative-balance', 'unknown-account', 'missing-balance'],
    options,
  )
  let wrongReads = 0
  for (const balances of all) {
    const { read, overdrawn, unknown, missing } = balances
    values += balances.count
    const isOverdrawn = overdrawn.length > 0 && options.negativeBalances !== true
    const isWrongTotal = missing.length === 0 && balances.total !== total
    if (isWrongTotal || isOverdrawn || unknown.length > 0 || missing.length > 0) wrongReads++
    if (isWrongTotal) {
      const told = options.total === undefined ? 'most reads found' : 'it must be'
      anomalies.add('wrong-total', () => ({
        explanation: `Operation ${read.call} read balances that add up to ${balances.total}; ${told} ${total}.`,
        events: [read.call],
      }))
    }
    if (isOverdrawn)
      anomalies.add('negative-balance', () => tell(read, `balances below zero: ${overdrawn.join(', ')}`))
    if (unknown.length > 0)
      anomalies.add('unknown-account', () => tell(read, `accounts that there are not: ${unknown.join(', ')}`))
    if (missing.length > 0)
      anomalies.add('missing-balance', () => tell(read, `nil as the balance of ${missing.join(', ')}`))
  }
  const totals = all.filter(({ missing }) => missing.length === 0).map((balances) => balances.total)
  return {
    ...conclude(anomalies, {
      subject: 'The bank',
      unknown:
        all.length === 0
          ? 'Nothing can be said of the bank: no read of the accounts returned ok.'
          : undefined,
      valid: `${counted(all.length, 'read')} found a total of ${total} beside ${counted(transfers, 'transfer')}.`,
      spent: spentOn(operations.length + values, all.length),
    }),
    statistics: {
      ...{ reads: all.length, transfers, wrongReads, total },
      lowestTotal: totals.reduce<Integer | undefined>(
        (a, b) => (a === undefined || b < a ? b : a),
        undefined,
      ),
      highestTotal: totals.reduce<Integer | undefined>(
        (a, b) => (a === undefined || b > a ? b : a),
        undefined,
      ),
    },
  }
}

function tell(read: RecordedOperation, what: string) {
  return { explanation: `Operation ${read.call} read ${what}.`, events: [read.call] }
}

function balancesIn(
  history: RecordedHistory,
  read: RecordedOperation,
  accounts: ReadonlySet<string> | undefined,
): Balances {
  const entries = entriesOf(read.answer)
  if (entries === undefined)
    throw wrongShape(history, read.return!, read.answer, {
      expected: 'a map of accounts to balances',
      advice: 'A read of the bank answers with the balance of each account.',
    })
  let [unknown, missing, overdrawn] = [none, none, none]
  let total: Integer = 0
  for (const [account, balance] of entries) {
    if (accounts !== undefined && !accounts.has(nameOf(account))) unknown = [...unknown, nameOf(account)]
    if (balance === null) {
      missing = [...missing, nameOf(account)]
      continue
    }
    const integer = integerFrom(balance)
    if (integer === undefined)
      throw wrongShape(history, read.return!, balance, {
        expected: `an integer as the balance of ${nameOf(account)}`,
        advice: 'Give balances in the smallest unit of the money.',
      })
    total = sum(total, integer)
    if (integer < 0) overdrawn = [...overdrawn, `${nameOf(account)} has ${integer}`]
  }
  return { read, count: entries.length, total, unknown, missing, overdrawn }
}

function nameOf(account: HistoryValue): string {
  return typeof account === 'string' ? account : valueKey(account)
}

/** Of equally common ones the one found first. */
function mostCommonTotal(all: readonly Balances[]): Integer | undefined {
  const counts = new Map<Integer, number>()
  for (const { total, missing } of all)
    if (missing.length === 0) counts.set(total, (counts.get(total) ?? 0) + 1)
  let common: Integer | undefined
  for (const [total, count] of counts) if (count > (counts.get(common!) ?? 0)) common = total
  return common
}
