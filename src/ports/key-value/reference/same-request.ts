import { equalBytes } from '../../../foundation/bytes.ts'
import type { Operation, Transaction } from '../key-value-store.ts'

/** What is remembered of a request under its idempotency key. */
export function copyOf({ comparisons = [], operations }: Transaction): Transaction {
  return {
    comparisons: comparisons.map(({ key, version }) => ({ key: key.slice(), version })),
    operations: operations.map((operation) =>
      operation.kind === 'put'
        ? { ...operation, key: operation.key.slice(), value: operation.value.slice() }
        : { kind: 'delete', key: operation.key.slice() },
    ),
  }
}

export function sameRequest(left: Transaction, right: Transaction): boolean {
  const leftComparisons = left.comparisons ?? []
  const rightComparisons = right.comparisons ?? []
  return (
    leftComparisons.length === rightComparisons.length &&
    leftComparisons.every(({ key, version }, i) => {
      const other = rightComparisons[i]!
      return equalBytes(key, other.key) && version === other.version
    }) &&
    left.operations.length === right.operations.length &&
    left.operations.every((operation, i) => sameOperation(operation, right.operations[i]!))
  )
}

function sameOperation(left: Operation, right: Operation): boolean {
  if (!equalBytes(left.key, right.key)) return false
  if (left.kind === 'delete' || right.kind === 'delete') return left.kind === right.kind
  return (
    equalBytes(left.value, right.value) && left.ttlMs === right.ttlMs && left.lease?.id === right.lease?.id
  )
}
