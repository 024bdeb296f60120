import { text, utf8 } from '../../../foundation/bytes.ts'
import { DureError, type ErrorCode, type Outcome } from '../../../foundation/errors.ts'
import type { KeyValueStore, StoredRow } from '../key-value-store.ts'

/** What the port promises, as a program that any runner can run: it throws when the promise is broken. */
export interface ConformanceCase {
  /** A sentence about the behaviour. */
  readonly name: string
  /** The guarantee of the port that it shows. */
  readonly guarantee: string
  /** Left out where these are not there; nothing unless said. */
  readonly needs?: readonly Need[]
  run(context: ConformanceContext): Promise<void>
}

/** What not every engine promises, and what not every place to run has. */
export type Need = 'watch' | 'leases' | 'idempotentRetries' | 'abandon' | 'faults'

/** The time that passes for the store; virtual in a simulation. */
export interface ConformanceClock {
  nowMs(): number
  sleep(ms: number): Promise<void>
}

export interface ConformanceContext {
  /** Another client of the same data. The case closes it. */
  open(): Promise<KeyValueStore>
  /** Unlike that of any other run: all keys of the case begin with it, so that cases may share a cluster. */
  readonly prefix: string
  readonly clock: ConformanceClock
  /** Cuts a client off for good, as the death of its process looks from outside: nothing is released, nothing gets out. */
  readonly abandon?: ((store: KeyValueStore) => Promise<void>) | undefined
  /** Something bad that the engine outlives, such as the death of a leader. Resolves when it is over. */
  readonly disturb?: (() => Promise<void>) | undefined
  /**
   * Judges what concurrent clients saw; throws when it is not linearizable. Left out, only what needs no checker is
   * looked at.
   */
  readonly checkHistory?: ((history: readonly ObservedOperation[]) => void) | undefined
}

/** One call on one key; `call` and `return` are places in the order of all events. */
export interface ObservedOperation {
  readonly client: number
  readonly call: number
  readonly return: number
  readonly key: string
  readonly kind: 'get' | 'put' | 'delete'
  /** What a put wrote; what a get saw, undefined for absent. */
  readonly value: string | undefined
  /** What a write asked for; undefined for nothing. */
  readonly ifVersion: number | undefined
  /** What a get saw or a put was given. */
  readonly version: number | undefined
  readonly outcome: 'ok' | 'comparison-failed' | 'failed' | 'unknown'
}

/** Opens a client for the time of `use`, and closes it. */
export async function withStore(
  context: ConformanceContext,
  use: (store: KeyValueStore, key: (name: string) => Uint8Array) => Promise<void>,
): Promise<void> {
  const store = await context.open()
  try {
    await use(store, (name) => utf8(context.prefix + name))
  } finally {
    await store.close()
  }
}

export function expectEqual(found: unknown, expected: unknown, what: string): void {
  const foundText = show(found)
  const expectedText = show(expected)
  if (foundText !== expectedText) throw new Error(`${what}: expected ${expectedText}, found ${foundText}`)
}

export function expectTrue(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected: ${what}`)
}

/** The error of a call that must not succeed; `says` must be in its message. */
export async function expectError(
  call: () => Promise<unknown>,
  expected: { readonly code: ErrorCode; readonly outcome: Outcome; readonly says?: string },
): Promise<DureError> {
  let result: unknown
  try {
    result = await call()
  } catch (error) {
    if (!(error instanceof DureError))
      throw new Error(`expected a DureError, found ${String(error)}`, { cause: error })
    const { code, outcome } = error
    expectEqual(
      { code, outcome },
      { code: expected.code, outcome: expected.outcome },
      `the error "${error.message}"`,
    )
    const { says } = expected
    if (says !== undefined)
      expectTrue(error.message.includes(says), `the message "${error.message}" says "${says}"`)
    return error
  }
  throw new Error(`expected an error ${expected.code}, found ${show(result)}`)
}

export async function collect(rows: AsyncIterable<StoredRow>): Promise<StoredRow[]> {
  const collected: StoredRow[] = []
  for await (const row of rows) collected.push(row)
  return collected
}

/** `name = value` of each row, without the prefix of the case. */
export const namesAndValues = (context: ConformanceContext, rows: readonly StoredRow[]): string[] =>
  rows.map(({ key, value }) => `${text(key).slice(context.prefix.length)} = ${text(value)}`)

function show(value: unknown): string {
  return JSON.stringify(value, (_, inner) => {
    if (inner instanceof Uint8Array)
      return inner.length > 100 ? `${inner.length} bytes` : `bytes ${inner.join(' ')}`
    return inner === undefined ? 'undefined' : inner
  })
}
