import { DureError } from '../../../foundation/errors.ts'
import type { Operation, Transaction } from '../../../ports/key-value/key-value-store.ts'
import type { Version } from '../../../ports/key-value/version.ts'
import type { Keys } from '../keys.ts'
import type { EtcdLease } from '../lease/etcd-lease.ts'
import type { Compare, RequestOperation, ResponseOperation } from '../wire/key-value-messages.ts'

/** etcd's `--max-txn-ops` unless it is set: of comparisons, of operations, and of both branches together with nested ones. */
const OPERATIONS_MAX = 128

/** A transaction of the port in etcd's terms, without what makes it happen once. */
export interface Plan {
  readonly transaction: Transaction
  readonly compares: readonly Compare[]
  readonly operations: readonly RequestOperation[]
  /** In the failed branch: the compared keys, for their versions. */
  readonly reads: readonly RequestOperation[]
}

/** `ttlLease`: the id of a lease for a value that lives so long. `existed`: the caller wants to know it of puts. */
export function planOf(
  transaction: Transaction,
  keys: Keys,
  ttlLease: (ttlMs: number) => number,
  existed: boolean,
): Plan {
  const { comparisons = [], operations } = transaction
  const compares: Compare[] = []
  const reads: RequestOperation[] = []
  for (const { key, version } of comparisons) {
    const outer = keys.outer(key)
    compares.push({ target: 'mod-revision', key: outer, equals: version })
    reads.push({ kind: 'range', key: outer, keysOnly: true })
  }
  return {
    ...{ transaction, compares, reads },
    operations: operations.map((operation) => planOperation(operation, keys, ttlLease, existed)),
  }
}

function planOperation(
  operation: Operation,
  keys: Keys,
  ttlLease: (ttlMs: number) => number,
  existed: boolean,
): RequestOperation {
  const key = keys.outer(operation.key)
  if (operation.kind === 'delete') return { kind: 'delete', key }
  return { kind: 'put', key, value: operation.value, lease: leaseOf(operation, ttlLease), previous: existed }
}

function leaseOf(
  operation: Operation & { readonly kind: 'put' },
  ttlLease: (ttlMs: number) => number,
): number {
  if (operation.ttlMs !== undefined) return ttlLease(operation.ttlMs)
  if (operation.lease === undefined) return 0
  const { signal, etcdId } = operation.lease as EtcdLease
  if (signal.aborted) {
    throw new DureError('lease-lost', 'the lease of a put is lost: get another and decide anew', {
      cause: signal.reason,
    })
  }
  return etcdId
}

/** Whether comparisons and operations fit with one more of each, which makes the transaction happen once. */
export const fitsGuard = (plan: Plan): boolean => {
  const compares = plan.compares.length + 1
  if (compares > OPERATIONS_MAX) return false
  if (plan.operations.length < OPERATIONS_MAX) return true
  return compares + OPERATIONS_MAX / 2 <= OPERATIONS_MAX
}

/** The operations and one more; where that would be too many, in two nested transactions. */
export function withGuard(plan: Plan, guard: RequestOperation): RequestOperation[] {
  const { operations } = plan
  if (operations.length < OPERATIONS_MAX) return [...operations, guard]
  const half = OPERATIONS_MAX / 2
  const nested = (part: readonly RequestOperation[]): RequestOperation => ({
    ...{ kind: 'transaction', compares: [], success: part, failure: [] },
  })
  return [nested(operations.slice(0, half)), nested(operations.slice(half)), guard]
}

/** For each operation, whether its key was there before. */
export function existedOf(responses: readonly ResponseOperation[], count: number): boolean[] {
  const existed: boolean[] = []
  for (const response of responses) {
    if (response.kind === 'put') existed.push(response.existed)
    else if (response.kind === 'delete') existed.push(response.deleted > 0)
    else if (response.kind === 'transaction') existed.push(...existedOf(response.responses, count))
  }
  return existed.slice(0, count)
}

/** The versions in the failed branch, in the order of the comparisons. */
export const foundOf = (responses: readonly ResponseOperation[]): Version[] =>
  responses.map(
    (response) => (response.kind === 'range' ? (response.pairs[0]?.modRevision ?? 0) : 0) as Version,
  )
