import { DureError } from '../../../foundation/errors.ts'
import type { KeyValueStore } from '../../../ports/key-value/key-value-store.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { structuralKey } from '../../verify/linearizability/search/structural-key.ts'
import { type Row, Rows, type RowValue } from '../../workloads/rows.ts'
import type { Body } from '../protocol/message.ts'
import { keyValueStep, refuse } from '../services/key-value-request.ts'

/** Whoever waits longer has given up. */
const REQUEST_TIMEOUT_MS = 5_000
/** A transaction that others are in the way of is tried again so often. */
const ATTEMPTS_MAX = 5
const PREFIX = 'maelstrom/'

/**
 * Requests of the workloads lin-kv, txn-list-append and txn-rw-register on a key-value store: the body that answers.
 *
 * ```ts
 * await serveRequest(store, runtime, { type: 'read', key: 3 }) // { type: 'read_ok', value: 4 }
 * ```
 *
 * An error says what is known: 11 when it was not done, 13 when it may have been.
 */
export async function serveRequest(store: KeyValueStore, runtime: Runtime, body: Body): Promise<Body> {
  const rows = new Rows(store, PREFIX, runtime, REQUEST_TIMEOUT_MS)
  try {
    switch (body.type) {
      case 'read':
      case 'cas':
      case 'write':
        return await serveKey(rows, body)
      case 'txn':
        return await serveTransaction(rows, body)
      default:
        return refuse(body, 'read, write, cas and txn').answer
    }
  } catch (error) {
    if (!(error instanceof DureError)) throw error
    const code = error.outcome === 'failed' ? 11 : 13
    return { type: 'error', code, text: `${error.code}: ${error.message}` }
  }
}

/** What is compared is compared by the store, in one step with the write. */
async function serveKey(rows: Rows, body: Body): Promise<Body> {
  const name = nameOf(body.key)
  if (body.type === 'write') {
    await rows.write(name, packed(body.value))
    return { type: 'write_ok' }
  }
  for (;;) {
    const { value, version } = await rows.read(name)
    const { answer, write } = keyValueStep(body, unpacked(value))
    if (write === undefined) return answer
    try {
      await rows.write(name, packed(write.value), { ifVersion: version })
      return answer
    } catch (error) {
      if (!(error instanceof DureError) || error.code !== 'comparison-failed') throw error
    }
  }
}

type Step = readonly [f: string, key: unknown, value: unknown]

/** What it touches is read at once, and the commit compares all of it: nothing has changed in between. */
async function serveTransaction(rows: Rows, body: Body): Promise<Body> {
  const steps = body.txn as readonly Step[]
  const names = [...new Set(steps.map(([, key]) => nameOf(key)))]
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const read = new Map(
      await Promise.all(names.map(async (name): Promise<[string, Row]> => [name, await rows.read(name)])),
    )
    const written = new Map<string, RowValue>()
    const done = steps.map(([f, key, value]): Step => {
      const name = nameOf(key)
      const found = unpacked(written.get(name) ?? read.get(name)!.value)?.value ?? null
      if (f === 'r') return [f, key, found]
      written.set(name, packed(f === 'append' ? [...((found ?? []) as unknown[]), value] : value))
      return [f, key, value]
    })
    const { committed } = await rows.commit(read, written)
    if (committed) return { type: 'txn_ok', txn: done }
  }
  return { type: 'error', code: 30, text: `other transactions were first, ${ATTEMPTS_MAX} times` }
}

const nameOf = (key: unknown): string => `key/${structuralKey(key)}`

/** Rows hold no null of their own: null is a row that is not there. */
const packed = (value: unknown): RowValue => JSON.stringify(value ?? null)
const unpacked = (row: RowValue): { readonly value: unknown } | undefined =>
  row === null ? undefined : { value: JSON.parse(row as string) }
