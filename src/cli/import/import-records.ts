import { encodeKey } from '../../blocks/keyspace/key-codec.ts'
import { utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type { KeyValueStore, Operation } from '../../ports/key-value/key-value-store.ts'
import { limits } from '../../ports/key-value/limits.ts'
import type { KeyTemplate } from '../parse/key-template.ts'
import type { FileRecord } from './read-records.ts'

export interface ImportOptions {
  readonly key: KeyTemplate
  readonly keyspace: string
  /** Records on their way at once. */
  readonly concurrency: number
  /** How long to try again while nothing at all gets through. */
  readonly patienceMs: number
  readonly onProgress?: (imported: number) => void
  readonly signal?: AbortSignal
}

/** What one commit carries: enough to share its cost, few enough to keep several on their way. */
const BATCH_RECORDS_MAX = 64
const BATCH_BYTES_MAX = 256 << 10
const RETRY_MS = 50
const RETRY_MS_MAX = 2_000

interface Batch {
  readonly operations: Operation[]
  readonly keys: Set<string>
  sizeBytes: number
}

/**
 * Writes records into a keyspace, many at once; of several with one key the last one stays. Waits as long as the store asks to,
 * and tries again what may be tried again: writing the same record twice does no harm.
 *
 * Errors: `invalid` names the record; whatever the store throws that a retry does not help. Records before it are written.
 */
export async function importRecords(
  store: KeyValueStore,
  records: AsyncIterable<FileRecord>,
  options: ImportOptions,
): Promise<number> {
  const { keyspace, signal, onProgress } = options
  const recordsMax =
    store.guarantees.commit === 'key' ? 1 : Math.min(BATCH_RECORDS_MAX, limits.commitOperationsMax)
  const batchesMax = Math.max(1, Math.floor(options.concurrency / recordsMax))
  const inFlight = new Map<Batch, Promise<void>>()
  let batch = emptyBatch()
  let imported = 0
  let failure: unknown
  let progressedAtMs = performance.now()

  const send = async () => {
    if (batch.operations.length === 0) return
    const sent = batch
    batch = emptyBatch()
    const whenDone = commit(sent)
      .catch((error: unknown) => {
        failure ??= error
      })
      .finally(() => inFlight.delete(sent))
    inFlight.set(sent, whenDone)
    while (inFlight.size >= batchesMax) await Promise.race(inFlight.values())
  }

  const commit = async (sent: Batch) => {
    for (let attempt = 0; ; attempt++) {
      if (failure !== undefined) return
      try {
        await store.commit({ operations: sent.operations }, signal === undefined ? {} : { signal })
        imported += sent.operations.length
        progressedAtMs = performance.now()
        onProgress?.(imported)
        return
      } catch (error) {
        const patienceLeftMs = options.patienceMs - (performance.now() - progressedAtMs)
        if (!mayTryAgain(error) || patienceLeftMs <= 0) throw error
        await pause(error.retryAfterMs ?? Math.min(RETRY_MS * 2 ** attempt, RETRY_MS_MAX), signal)
      }
    }
  }

  for await (const { record, number } of records) {
    signal?.throwIfAborted()
    const { name, operation } = toOperation(record, number, options.key, keyspace)
    // Two writes of one key must not be on their way together, or the earlier might land last.
    if (batch.keys.has(name) || [...inFlight.keys()].some(({ keys }) => keys.has(name))) {
      await send()
      await Promise.all(inFlight.values())
    }
    const sizeBytes = operation.key.length + operation.value.length
    if (batch.sizeBytes + sizeBytes > BATCH_BYTES_MAX) await send()
    batch.operations.push(operation)
    batch.keys.add(name)
    batch.sizeBytes += sizeBytes
    if (batch.operations.length === recordsMax) await send()
    if (failure !== undefined) break
  }
  await send()
  await Promise.all(inFlight.values())
  if (failure !== undefined) throw failure
  return imported
}

function toOperation(record: FileRecord['record'], number: number, template: KeyTemplate, keyspace: string) {
  try {
    const name = template(record)
    const key = encodeKey(keyspace, name)
    const value = utf8(JSON.stringify(record))
    if (key.length > limits.keyBytesMax)
      throw new DureError(
        'invalid',
        `its key has ${key.length} bytes, at most ${limits.keyBytesMax} are accepted`,
      )
    if (value.length > limits.valueBytesMax)
      throw new DureError(
        'invalid',
        `it has ${value.length} bytes, at most ${limits.valueBytesMax} are accepted`,
      )
    return { name, operation: { kind: 'put', key, value } as const }
  } catch (error) {
    if (!(error instanceof DureError)) throw error
    throw new DureError('invalid', `record ${number}: ${error.message}`, { cause: error })
  }
}

/** A retry of what ended as `unknown` is fine here: it writes the very same bytes, and nothing newer for the key is on its way. */
const mayTryAgain = (error: unknown): error is DureError =>
  error instanceof DureError &&
  (error.retryable || error.code === 'timeout' || error.code === 'session-expired')

function pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, durationMs)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

const emptyBatch = (): Batch => ({ operations: [], keys: new Set(), sizeBytes: 0 })
