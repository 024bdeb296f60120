import { text, utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type {
  CommitResult,
  KeyValueStore,
  Operation,
  PutOptions,
} from '../../ports/key-value/key-value-store.ts'
import { prefixRange } from '../../ports/key-value/prefix-range.ts'
import type { Version } from '../../ports/key-value/version.ts'
import type { Runtime } from '../../runtime/runtime.ts'

/** What the rows of workloads hold. */
export type RowValue = null | number | string | readonly RowValue[]

export interface Row {
  /** null for what is not there. */
  readonly value: RowValue
  readonly version: Version
}

/**
 * The rows of one call of a workload: JSON under a prefix, and one deadline for all that the call does.
 *
 * ```ts
 * const rows = new Rows(store, 'bank/', runtime, timeoutMs)
 * const { value, version } = await rows.read('account/1')
 * await rows.write('account/1', 90, { ifVersion: version })
 * ```
 *
 * A read that fails has changed nothing, whatever its error says: `failed`.
 */
export class Rows {
  readonly #store: KeyValueStore
  readonly #prefix: string
  readonly #runtime: Runtime
  readonly #deadlineMs: number

  constructor(store: KeyValueStore, prefix: string, runtime: Runtime, timeoutMs: number) {
    this.#store = store
    this.#prefix = prefix
    this.#runtime = runtime
    this.#deadlineMs = runtime.clock.monotonicMs() + timeoutMs
  }

  async read(name: string): Promise<Row> {
    return reading(async () => {
      const { value, version } = await this.#store.get(this.#key(name), this.#options)
      return { value: value === undefined ? null : fromBytes(value), version }
    })
  }

  /** Rows whose names begin with `name`, of one moment; without what comes before. */
  async readAll(name: string, limit?: number): Promise<Map<string, Row>> {
    return reading(async () => {
      const found = new Map<string, Row>()
      const from = this.#key(name)
      const options = { ...this.#options, ...(limit === undefined ? {} : { limit }) }
      for await (const { key, value, version } of this.#store.range(prefixRange(from), options)) {
        found.set(text(key.subarray(from.length)), { value: fromBytes(value), version })
      }
      return found
    })
  }

  async write(
    name: string,
    value: RowValue,
    options: Pick<PutOptions, 'ifVersion' | 'lease' | 'ttlMs'> = {},
  ): Promise<Version> {
    const { version } = await this.#store.put(this.#key(name), toBytes(value), {
      ...this.#options,
      ...options,
    })
    return version
  }

  /** If nobody has changed it since. */
  async remove(name: string, ifVersion: Version): Promise<void> {
    await this.#store.delete(this.#key(name), { ...this.#options, ifVersion })
  }

  /** Writes all of them at one moment, or removes those without a value, if no row that was read has changed since. */
  async commit(
    read: ReadonlyMap<string, Row>,
    written: ReadonlyMap<string, RowValue | undefined>,
  ): Promise<CommitResult> {
    const comparisons = [...read].map(([name, { version }]) => ({ key: this.#key(name), version }))
    const operations = [...written].map(([name, value]): Operation => {
      const key = this.#key(name)
      return value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value: toBytes(value) }
    })
    return this.#store.commit({ comparisons, operations }, this.#options)
  }

  /** What is left of the call's time; no less than a moment, so that the store itself says what a late call is. */
  get #options(): { readonly timeoutMs: number } {
    return { timeoutMs: Math.max(1, this.#deadlineMs - this.#runtime.clock.monotonicMs()) }
  }

  #key(name: string): Uint8Array {
    return utf8(this.#prefix + name)
  }
}

async function reading<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof DureError)) throw error
    throw new DureError(error.code, error.message, { outcome: 'failed', cause: error })
  }
}

const toBytes = (value: RowValue): Uint8Array => utf8(JSON.stringify(value))
const fromBytes = (bytes: Uint8Array): RowValue => JSON.parse(text(bytes)) as RowValue
