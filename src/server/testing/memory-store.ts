import { compareBytes, equalBytes } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type {
  CommitResult,
  KeyValueStore,
  StoredRow,
  Transaction,
} from '../../ports/key-value/key-value-store.ts'
import { validateTransaction } from '../../ports/key-value/validation.ts'
import { absent, type Version, versionFromNumber } from '../../ports/key-value/version.ts'

/** A map in memory behind the key-value port, for tests of what stands on it. Keeps nothing, repeats nothing. */
export function createMemoryStore(): KeyValueStore {
  let rows: StoredRow[] = []
  let lastVersion = 0
  const find = (key: Uint8Array) => rows.find((row) => equalBytes(row.key, key))
  const versionOf = (key: Uint8Array): Version => find(key)?.version ?? absent

  const commit = async (transaction: Transaction): Promise<CommitResult> => {
    validateTransaction(transaction)
    const comparisons = transaction.comparisons ?? []
    const found = comparisons.map(({ key }) => versionOf(key))
    if (comparisons.some(({ version }, i) => version !== found[i])) return { committed: false, found }
    const version = versionFromNumber(++lastVersion)
    const existed = transaction.operations.map((operation) => {
      const before = find(operation.key)
      rows = rows.filter((row) => row !== before)
      if (operation.kind === 'put') rows.push({ key: operation.key, value: operation.value, version })
      return before !== undefined
    })
    rows.sort((a, b) => compareBytes(a.key, b.key))
    return { committed: true, version, existed }
  }

  const commitOne = async (
    operation: Transaction['operations'][number],
    options: { ifVersion?: Version; idempotencyKey?: string },
  ) => {
    const { ifVersion, idempotencyKey } = options
    const result = await commit({
      operations: [operation],
      ...(ifVersion !== undefined && { comparisons: [{ key: operation.key, version: ifVersion }] }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    })
    if (!result.committed) throw new DureError('comparison-failed', `found version ${result.found[0]}`)
    return result
  }

  return {
    guarantees: {
      engine: 'memory',
      read: 'strong',
      durability: 'memory',
      idempotentRetries: false,
      commit: 'partition',
    },
    async get(key) {
      validateTransaction({ operations: [{ kind: 'delete', key }] })
      const row = find(key)
      if (row === undefined) return { exists: false, value: undefined, version: absent }
      return { exists: true, value: row.value, version: row.version }
    },
    async put(key, value, options = {}) {
      const { version } = await commitOne({ kind: 'put', key, value }, options)
      return { version }
    },
    async delete(key, options = {}) {
      const { existed } = await commitOne({ kind: 'delete', key }, options)
      return { existed: existed[0]! }
    },
    async *range({ from, to }, { limit = Number.POSITIVE_INFINITY } = {}) {
      const chosen = rows.filter(
        ({ key }) => compareBytes(from, key) <= 0 && (to === undefined || compareBytes(key, to) < 0),
      )
      yield* chosen.slice(0, limit)
    },
    commit,
    async close() {},
    async [Symbol.asyncDispose]() {},
  }
}
