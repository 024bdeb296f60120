import { describe, expect, it } from 'vitest'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { cutOff, disguised, inTurn } from '../testing/recorded.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { type BankOptions, checkBank } from './check-bank.ts'

function simulateBank(seed: number, isSkewed: boolean): RecordedHistory {
  const balances = new Map([...Array(5).keys()].map((account) => [account, 20]))
  const stale = new Map(balances)
  return simulateClients({
    ...{ seed, processes: 4, operations: 60, unknownRate: 0.1, failRate: 0.1 },
    next: ({ random, below }) =>
      random() < 0.5
        ? { f: 'read', value: null }
        : {
            f: 'transfer',
            value: new Map([
              ['from', below(5)],
              ['to', below(5)],
              ['amount', 1 + below(5)],
            ]),
          },
    run: ({ f, value }, { below }) => {
      // A read that takes one account from an older state.
      if (f === 'read') return isSkewed ? new Map([...balances, [0, stale.get(0)!]]) : new Map(balances)
      const transfer = value as ReadonlyMap<string, number>
      const [from, to, amount] = [transfer.get('from')!, transfer.get('to')!, transfer.get('amount')!]
      if (balances.get(from)! < amount) return undefined
      if (below(2) === 0) for (const [account, balance] of balances) stale.set(account, balance)
      balances.set(from, balances.get(from)! - amount)
      balances.set(to, balances.get(to)! + amount)
      return value
    },
  })
}

function anyBank(seed: number): RecordedHistory {
  return simulateClients({
    ...{ seed, processes: 2, operations: 1 + (seed % 4), unknownRate: 0.1, failRate: 0.1 },
    next: () => ({ f: 'read', value: null }),
    run: (_, { below }) => {
      const first = below(8) - 1
      const second = below(12) === 0 ? null : below(8) === 0 ? below(8) : 5 - first
      return new Map([
        [0, first],
        [below(12) === 0 ? 7 : 1, second],
      ])
    },
  })
}

function slowBank(operations: readonly RecordedOperation[], options: BankOptions): string {
  const reads = operations
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ answer }) => [...(answer as Map<number, number>)])
  const isWrong = reads.some(
    (balances) =>
      balances.some(([account]) => !options.accounts!.includes(account)) ||
      balances.some(
        ([, balance]) => balance === null || (balance < 0 && options.negativeBalances !== true),
      ) ||
      balances.reduce((sum, [, balance]) => sum + balance, 0) !== options.total,
  )
  return isWrong ? 'invalid' : reads.length === 0 ? 'unknown' : 'valid'
}

describe('the bank', () => {
  for (const negativeBalances of [false, true])
    it(`is judged read by read${negativeBalances ? ', with overdrafts allowed' : ''}`, () => {
      const options = { total: 5, accounts: [0, 1], negativeBalances }
      expectAgreement({
        histories: 4_000,
        history: anyBank,
        check: (history) => checkBank(history, options).verdict,
        slow: (operations) => slowBank(operations, options),
      })
    })

  it('of snapshots is acquitted, in disguise and cut anywhere; read skew is convicted', () => {
    let convicted = 0
    for (let seed = 0; seed < 60; seed++) {
      const history = simulateBank(seed, false)
      expect(checkBank(history, { total: 100 }).verdict).toBe('valid')
      expect(checkBank(disguised(history)).verdict).toBe('valid')
      expect(checkBank(cutOff(history, seed), { total: 100 }).verdict).not.toBe('invalid')
      if (checkBank(simulateBank(seed, true)).verdict === 'invalid') convicted++
    }
    expect(convicted).toBeGreaterThan(40)
  })

  it('takes the total of most reads when it is not told one', () => {
    const history = inTurn([
      [0, 'read', null, new Map([['a', 9]])],
      [0, 'read', null, new Map([['a', 10]])],
      [
        0,
        'read',
        null,
        new Map([
          ['a', 4],
          ['b', 6],
        ]),
      ],
    ])
    const result = checkBank(history)
    expect(result.anomalies.map(({ explanation }) => explanation)).toEqual([
      'Operation 0 read balances that add up to 9; most reads found 10.',
    ])
    expect(result.statistics).toMatchObject({ total: 10, lowestTotal: 9, highestTotal: 10, wrongReads: 1 })
  })

  it('knows an account of JSON by its text', () => {
    const history = inTurn([
      [
        0,
        'read',
        null,
        new Map([
          ['0', 4],
          ['1', 6],
        ]),
      ],
    ])
    expect(checkBank(history, { accounts: [0, 1], total: 10 }).verdict).toBe('valid')
    expect(checkBank(history, { accounts: [0], total: 10 }).anomalies[0]!.name).toBe('unknown-account')
  })

  it('names balances that are nil or below zero', () => {
    const history = inTurn([
      [
        0,
        'read',
        null,
        new Map([
          ['a', null],
          ['b', -6],
        ]),
      ],
    ])
    const names = checkBank(history).anomalies.map(({ name }) => name)
    expect(names).toEqual(['negative-balance', 'missing-balance'])
  })

  it('without a read cannot be judged, and refuses what is no map or no integer', () => {
    expect(checkBank(inTurn([[0, 'transfer', null]])).verdict).toBe('unknown')
    expect(() => checkBank(inTurn([[0, 'read', null, [1, 2]]]))).toThrow(
      'event 1: found [1, 2], expected a map',
    )
    expect(() => checkBank(inTurn([[0, 'read', null, new Map([['a', 0.5]])]]))).toThrow('expected an integer')
  })
})
