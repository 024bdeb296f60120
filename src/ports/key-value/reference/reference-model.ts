import { compareBytes, equalBytes } from '../../../foundation/bytes.ts'
import { DureError } from '../../../foundation/errors.ts'
import type { CommitResult, Operation, Stored, StoredRow, Transaction } from '../key-value-store.ts'
import { absent, type Version, versionFromNumber } from '../version.ts'

/**
 * What a key-value store means, written to be read and not to be fast: a sorted list, and one step for each call.
 * Several `ReferenceStore`s may share one. Arguments were validated before.
 */
export class ReferenceModel {
  /** In order of keys. Rows are replaced, never changed, so a copy of the list is a snapshot. */
  #rows: readonly StoredRow[] = []
  #commits = 0
  readonly #answers = new Map<string, { readonly transaction: Transaction; readonly result: CommitResult }>()

  get(key: Uint8Array): Stored {
    const row = this.#find(key)
    if (row === undefined) return { exists: false, value: undefined, version: absent }
    return { exists: true, value: row.value.slice(), version: row.version }
  }

  /** The rows with `from` <= key < `to` as they are now. */
  rows(from: Uint8Array, to: Uint8Array | undefined): StoredRow[] {
    return this.#rows
      .filter(({ key }) => compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0))
      .map(({ key, value, version }) => ({ key: key.slice(), value: value.slice(), version }))
  }

  commit(transaction: Transaction): CommitResult {
    const { idempotencyKey } = transaction
    if (idempotencyKey === undefined) return this.#apply(transaction)
    const answered = this.#answers.get(idempotencyKey)
    if (answered === undefined) {
      const result = this.#apply(transaction)
      this.#answers.set(idempotencyKey, { transaction: copyOf(transaction), result })
      return result
    }
    if (!sameRequest(answered.transaction, transaction)) {
      throw new DureError(
        'invalid',
        `the idempotency key "${idempotencyKey}" came with another request before: use a new key for a new request`,
      )
    }
    return answered.result
  }

  #apply({ comparisons = [], operations }: Transaction): CommitResult {
    const found = comparisons.map(({ key }) => this.#versionOf(key))
    if (comparisons.some(({ version }, i) => version !== found[i])) return { committed: false, found }

    const existed = operations.map(({ key }) => this.#find(key) !== undefined)
    const version = versionFromNumber(++this.#commits)
    for (const operation of operations) this.#change(operation, version)
    return { committed: true, version, existed }
  }

  #change(operation: Operation, version: Version): void {
    const others = this.#rows.filter(({ key }) => !equalBytes(key, operation.key))
    if (operation.kind === 'put') {
      others.push({ key: operation.key.slice(), value: operation.value.slice(), version })
      others.sort((left, right) => compareBytes(left.key, right.key))
    }
    this.#rows = others
  }

  #versionOf(key: Uint8Array): Version {
    return this.#find(key)?.version ?? absent
  }

  #find(key: Uint8Array): StoredRow | undefined {
    return this.#rows.find((row) => equalBytes(row.key, key))
  }
}

function copyOf({ comparisons = [], operations }: Transaction): Transaction {
  return {
    comparisons: comparisons.map(({ key, version }) => ({ key: key.slice(), version })),
    operations: operations.map((operation) =>
      operation.kind === 'put'
        ? { kind: 'put', key: operation.key.slice(), value: operation.value.slice() }
        : { kind: 'delete', key: operation.key.slice() },
    ),
  }
}

function sameRequest(left: Transaction, right: Transaction): boolean {
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
  return equalBytes(left.value, right.value)
}
