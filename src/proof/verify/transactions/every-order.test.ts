import { describe, expect, test } from 'vitest'
import { tinyTransactions } from '../testing/tiny-transactions.ts'
import {
  hasSerialOrder,
  hasSessionOrder,
  hasSnapshotOrder,
  hasUpdateOrder,
  hasVisibility,
} from '../testing/transaction-orders.ts'
import { checkTransactions } from './check-transactions.ts'
import type { ConsistencyModel } from './consistency/consistency-model.ts'
import { readTransactions, type Transaction } from './transaction.ts'

/**
 * The checker against definitions that try every order there is, on small random histories. `invalid` has to be right
 * always. `valid` has to be right for lists where the order of all writes was read and no transaction contradicts itself:
 * then nothing is left to guess. The bases of the seeds are fixed; more histories: `DURE_TRANSACTION_HISTORIES=100000`.
 */
const definitions: readonly (readonly [
  ConsistencyModel,
  (transactions: readonly Transaction[]) => boolean,
])[] = [
  ['strict-serializable', (all) => hasSerialOrder(all, 'realtime')],
  ['strong-session-serializable', (all) => hasSerialOrder(all, 'process')],
  ['serializable', (all) => hasSerialOrder(all, 'none')],
  ['strong-snapshot-isolation', (all) => hasSnapshotOrder(all, true, 'realtime')],
  ['strong-session-snapshot-isolation', (all) => hasSnapshotOrder(all, true, 'process')],
  ['snapshot-isolation', (all) => hasSnapshotOrder(all, true, 'none')],
  // Without predicates there is no difference.
  ['repeatable-read', (all) => hasSerialOrder(all, 'none')],
  ['strong-session-repeatable-read', (all) => hasSerialOrder(all, 'process')],
  ['strong-repeatable-read', (all) => hasSerialOrder(all, 'realtime')],
  ['strong-session-prefix', (all) => hasSnapshotOrder(all, false, 'process')],
  ['prefix', (all) => hasSnapshotOrder(all, false, 'none')],
]

/** These try far more: every fifth history is enough, unless many are asked for. */
const visibilities = [
  'parallel-snapshot-isolation',
  'causal-cerone',
  'read-atomic',
  'read-committed',
  'strong-session-parallel-snapshot-isolation',
  'causal',
  'strong-session-read-atomic',
  'strong-session-read-committed',
] as const

/** Of these only some of what they forbid is looked for: what is said to violate them has to. */
const inPart: typeof definitions = [
  ['update-serializable', hasUpdateOrder],
  ['cursor-stability', (all) => hasVisibility(all, 'cursor-stability')],
  ['read-your-writes', (all) => hasSessionOrder(all, 'read-your-writes')],
  ['monotonic-reads', (all) => hasSessionOrder(all, 'monotonic-reads')],
  ['monotonic-writes', (all) => hasSessionOrder(all, 'monotonic-writes')],
]

interface Family {
  readonly workload: 'list-append' | 'rw-register'
  readonly readAllAtEnd: boolean
  readonly base: number
}

const families: readonly Family[] = [
  { workload: 'list-append', readAllAtEnd: false, base: 1_000_000 },
  { workload: 'list-append', readAllAtEnd: true, base: 2_000_000 },
  { workload: 'rw-register', readAllAtEnd: false, base: 3_000_000 },
]

/** Of each family. */
const histories = Number(process.env.DURE_TRANSACTION_HISTORIES ?? 1500)
const visibilitiesEvery = process.env.DURE_TRANSACTION_HISTORIES === undefined ? 5 : 1

describe.each(families)('$workload, all read at the end: $readAllAtEnd, seeds from $base', (family) => {
  const { workload, readAllAtEnd, base } = family
  test('verdicts are those of trying every order', () => {
    const wrong: string[] = []
    const seen = { allowed: 0, forbidden: 0 }
    for (let seed = base; seed < base + histories; seed++) {
      const transactionsMax = seed % 7 === 0 ? 5 : 4
      const history = tinyTransactions({
        seed,
        workload,
        readAllAtEnd,
        transactionsMax: readAllAtEnd ? transactionsMax - 1 : transactionsMax,
        keys: 2,
        stepsMax: 3,
        lostRate: 0.1,
      })
      const { models, counts } = checkTransactions(history, { workload, consistency: 'strict-serializable' })
      const transactions = readTransactions(history)
      const isComplete = readAllAtEnd && !counts.has('internal')
      const hold = (model: ConsistencyModel, isAllowed: boolean): void => {
        const isViolated = models.violated.includes(model)
        seen[isAllowed ? 'allowed' : 'forbidden']++
        if (isAllowed ? isViolated : isComplete && !isViolated) wrong.push(`seed ${seed}: ${model}`)
      }
      for (const [model, isAllowed] of definitions) hold(model, isAllowed(transactions))
      if (seed % visibilitiesEvery > 0 || transactionsMax > 4) continue
      for (const model of visibilities) hold(model, hasVisibility(transactions, model))
      for (const [model, isAllowed] of inPart) {
        if (models.violated.includes(model) && isAllowed(transactions)) wrong.push(`seed ${seed}: ${model}`)
      }
    }
    expect(wrong).toEqual([])
    expect(seen.allowed).toBeGreaterThan(histories)
    expect(seen.forbidden).toBeGreaterThan(histories)
  })
})
