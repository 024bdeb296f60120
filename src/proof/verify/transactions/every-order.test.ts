import { describe, expect, test } from 'vitest'
import { hasGrowingViews } from '../testing/growing-views.ts'
import { hasOperationOrder, hasPipelinedOrders } from '../testing/operation-orders.ts'
import { hasSessionOrder } from '../testing/session-orders.ts'
import { tinyTransactions } from '../testing/tiny-transactions.ts'
import {
  hasSerialOrder,
  hasSnapshotOrder,
  hasUpdateOrder,
  hasVisibility,
} from '../testing/transaction-orders.ts'
import { type Accepts, keepsKeys } from '../testing/trying-all.ts'
import { consistentView, hasVersionOrder, hasWriteOrder, monotonicView } from '../testing/version-orders.ts'
import { checkTransactions } from './check-transactions.ts'
import { type ConsistencyModel, consistencyModels, impliedDirectly } from './consistency/consistency-model.ts'
import type { RegisterOptions } from './inference/register.ts'
import { readTransactions, type Transaction } from './transaction.ts'

/**
 * The checker against definitions that try every order there is, on small random histories. `invalid` has to be right
 * always. `valid` has to be right for lists where the order of all writes was read and no transaction contradicts itself:
 * then nothing is left to guess. The bases of the seeds are fixed; more histories: `DURE_TRANSACTION_HISTORIES=100000`.
 */
type Definition = readonly [
  ConsistencyModel,
  (transactions: readonly Transaction[], accepts?: Accepts) => boolean,
]

const definitions: readonly Definition[] = [
  ['strict-serializable', (all, accepts) => hasSerialOrder(all, 'realtime', accepts)],
  ['strong-session-serializable', (all, accepts) => hasSerialOrder(all, 'process', accepts)],
  ['serializable', (all, accepts) => hasSerialOrder(all, 'none', accepts)],
  ['strong-snapshot-isolation', (all, accepts) => hasSnapshotOrder(all, true, 'realtime', accepts)],
  ['strong-session-snapshot-isolation', (all, accepts) => hasSnapshotOrder(all, true, 'process', accepts)],
  ['snapshot-isolation', (all, accepts) => hasSnapshotOrder(all, true, 'none', accepts)],
  // Without predicates there is no difference.
  ['repeatable-read', (all, accepts) => hasSerialOrder(all, 'none', accepts)],
  ['strong-session-repeatable-read', (all, accepts) => hasSerialOrder(all, 'process', accepts)],
  ['strong-repeatable-read', (all, accepts) => hasSerialOrder(all, 'realtime', accepts)],
  ['strong-session-prefix', (all, accepts) => hasSnapshotOrder(all, false, 'process', accepts)],
  ['prefix', (all, accepts) => hasSnapshotOrder(all, false, 'none', accepts)],
]

/** These try far more: every fifth history is enough, or every third where many are asked for. */
const costly: readonly Definition[] = [
  ...(
    [
      'parallel-snapshot-isolation',
      'causal-cerone',
      'read-atomic',
      'read-committed',
      'strong-session-parallel-snapshot-isolation',
      'causal',
      'strong-session-read-atomic',
      'strong-session-read-committed',
      'strong-read-committed',
    ] as const
  ).map((model): Definition => [model, (all, accepts) => hasVisibility(all, model, accepts)]),
  ['consistent-view', (all, accepts) => hasVersionOrder(all, consistentView, 'none', accepts)],
  [
    'strong-session-consistent-view',
    (all, accepts) => hasVersionOrder(all, consistentView, 'process', accepts),
  ],
  // By itself it says when transactions began, which nobody recorded.
  ['forward-consistent-view', (all, accepts) => hasVersionOrder(all, consistentView, 'none', accepts)],
]

/**
 * The same, where some list can have been all that was read of a key and all is known to have committed or not: of reads
 * these ask little, so that what they show may have been undone.
 */
const uncommitted: readonly Definition[] = [
  ['read-uncommitted', (all, accepts) => hasWriteOrder(all, 'none', accepts)],
  ['strong-session-read-uncommitted', (all, accepts) => hasWriteOrder(all, 'process', accepts)],
  ['strong-read-uncommitted', (all, accepts) => hasWriteOrder(all, 'realtime', accepts)],
]

/** Of these only some of what they forbid is looked for: what is said to violate them has to. */
const inPart: readonly Definition[] = [
  ['update-serializable', hasUpdateOrder],
  ['update-atomic', (all, accepts) => hasVisibility(all, 'update-atomic', accepts)],
  ['cursor-stability', (all, accepts) => hasVisibility(all, 'cursor-stability', accepts)],
  ['monotonic-view', (all, accepts) => hasVersionOrder(all, monotonicView, 'none', accepts)],
  ['monotonic-snapshot-read', (all, accepts) => hasGrowingViews(all, 'snapshots', accepts)],
  ['monotonic-atomic-view', (all, accepts) => hasGrowingViews(all, 'transactions', accepts)],
  ...(['read-your-writes', 'monotonic-reads', 'monotonic-writes', 'writes-follow-reads'] as const).map(
    (model): Definition => [model, (all, accepts) => hasSessionOrder(all, model, accepts)],
  ),
  ['PRAM', hasPipelinedOrders],
  ['sequential', (all, accepts) => hasOperationOrder(all, 'process', accepts)],
  ['linearizable', (all, accepts) => hasOperationOrder(all, 'realtime', accepts)],
]

interface Family {
  readonly workload: 'list-append' | 'rw-register'
  readonly readAllAtEnd: boolean
  readonly base: number
  readonly options?: RegisterOptions
  /** How much of all histories are looked at: all unless said. */
  readonly share?: number
}

const families: readonly Family[] = [
  { workload: 'list-append', readAllAtEnd: false, base: 1_000_000 },
  { workload: 'list-append', readAllAtEnd: true, base: 2_000_000 },
  { workload: 'rw-register', readAllAtEnd: false, base: 3_000_000 },
  {
    workload: 'rw-register',
    readAllAtEnd: false,
    base: 6_000_000,
    options: { writesFollowReads: false },
    share: 1 / 3,
  },
  {
    workload: 'rw-register',
    readAllAtEnd: false,
    base: 4_000_000,
    options: { sequentialKeys: true },
    share: 1 / 3,
  },
  {
    workload: 'rw-register',
    readAllAtEnd: false,
    base: 5_000_000,
    options: { linearizableKeys: true },
    share: 1 / 3,
  },
]

/** Of each family. */
const histories = Number(process.env.DURE_TRANSACTION_HISTORIES ?? 1000)
const costlyEvery = process.env.DURE_TRANSACTION_HISTORIES === undefined ? 5 : 3

const allDefinitions = [...definitions, ...costly, ...uncommitted, ...inPart]

test('every level has a definition', () => {
  const defined = allDefinitions.map(([model]) => model)
  expect(defined.toSorted()).toEqual([...consistencyModels].sort())
})

function takenForGranted(
  { writesFollowReads = true, sequentialKeys, linearizableKeys }: RegisterOptions,
  transactions: readonly Transaction[],
): Accepts {
  const order = linearizableKeys ? 'realtime' : sequentialKeys ? 'process' : 'none'
  return keepsKeys(transactions, { writesFollowReads, order })
}

describe.each(families)(
  '$workload, all read at the end: $readAllAtEnd, $options, seeds from $base',
  (family) => {
    const { workload, readAllAtEnd, base, options = {}, share = 1 } = family
    test('verdicts are those of trying every order', () => {
      const wrong: string[] = []
      const seen = { allowed: 0, forbidden: 0 }
      for (let seed = base; seed < base + histories * share; seed++) {
        const transactionsMax = seed % 7 === 0 && family.options === undefined ? 5 : 4
        const history = tinyTransactions({
          seed,
          workload,
          readAllAtEnd,
          transactionsMax: readAllAtEnd ? transactionsMax - 1 : transactionsMax,
          keys: 2,
          stepsMax: 3,
          lostRate: 0.1,
        })
        const { models, counts } = checkTransactions(history, {
          workload,
          consistency: 'strict-serializable',
          ...options,
        })
        const transactions = readTransactions(history)
        const accepts = workload === 'rw-register' ? takenForGranted(options, transactions) : undefined
        const isWhole = readAllAtEnd && !counts.has('internal')
        const hold = (model: ConsistencyModel, isAllowed: boolean, isComplete = isWhole): void => {
          const isViolated = models.violated.includes(model)
          seen[isAllowed ? 'allowed' : 'forbidden']++
          if (isAllowed ? isViolated : isComplete && !isViolated) wrong.push(`seed ${seed}: ${model}`)
        }
        for (const [model, isAllowed] of definitions) hold(model, isAllowed(transactions, accepts))
        if (seed % costlyEvery > 0 || transactionsMax > 4) continue
        for (const [model, isAllowed] of costly) hold(model, isAllowed(transactions, accepts))
        const isOneList =
          isWhole &&
          !counts.has('incompatible-order') &&
          transactions.every(({ outcome }) => outcome !== 'unknown')
        for (const [model, isAllowed] of uncommitted) hold(model, isAllowed(transactions, accepts), isOneList)
        for (const [model, isAllowed] of inPart) {
          if (models.violated.includes(model)) hold(model, isAllowed(transactions, accepts))
        }
        // Asked for by name, more is looked for; and what stands for it has to be right where all is known.
        const [claimed, isClaimAllowed] = inPart[Math.floor(seed / costlyEvery) % inPart.length]!
        const { verdict } = checkTransactions(history, { workload, consistency: claimed, ...options })
        if (verdict === 'invalid' || (verdict === 'valid' && isWhole)) {
          const isAllowed = isClaimAllowed(transactions, accepts)
          if (isAllowed !== (verdict === 'valid')) wrong.push(`seed ${seed}: ${claimed} is called ${verdict}`)
        }
      }
      expect(wrong).toEqual([])
      expect(seen.allowed).toBeGreaterThan(histories * share)
      expect(seen.forbidden).toBeGreaterThan(histories * share)
    })
  },
)

test('what a level allows, all that it implies allow, by trying every order', () => {
  const wrong: string[] = []
  for (const { workload, readAllAtEnd, base, options } of families) {
    if (options !== undefined) continue
    for (let seed = base + 500_000; seed < base + 500_000 + histories / 20; seed++) {
      const transactionsMax = readAllAtEnd ? 3 : 4
      const sizes = { transactionsMax, keys: 2, stepsMax: 3, lostRate: 0.1 }
      const transactions = readTransactions(tinyTransactions({ seed, workload, readAllAtEnd, ...sizes }))
      const allowed = new Map(allDefinitions.map(([model, isAllowed]) => [model, isAllowed(transactions)]))
      for (const model of consistencyModels) {
        const missing = impliedDirectly(model).filter((weaker) => allowed.get(model) && !allowed.get(weaker))
        wrong.push(...missing.map((weaker) => `seed ${seed}: ${model} without ${weaker}`))
      }
    }
  }
  expect(wrong).toEqual([])
})
