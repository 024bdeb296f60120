import { waitFor } from '../../src/fixture/wait-for.ts'
import { text, utf8 } from '../../src/foundation/bytes.ts'
import { DureError } from '../../src/foundation/errors.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { HistoryRecorder, type OpenOperation } from '../../src/proof/verify/history/history-recorder.ts'
import { checkLinearizable } from '../../src/proof/verify/linearizability/check-linearizable.ts'
import {
  type KeyValueInput,
  type KeyValueOutput,
  keyValueModel,
} from '../../src/proof/verify/linearizability/key-value-model.ts'

export interface LoadOptions {
  readonly keyCount?: number
  /** Callers with one call under way each. */
  readonly callers?: number
  /** Between an answer and the next call of a caller. */
  readonly thinkMs?: number
  readonly timeoutMs?: number
  /** One call of so many is a read. */
  readonly readEvery?: number
}

const PROGRESS_MS_MAX = 30_000

/** Callers that write and read under a few keys until they are told to stop, with all that they saw written down. */
export class RecordedLoad {
  readonly #store: KeyValueStore
  readonly #options: Required<LoadOptions>
  readonly #recorder = new HistoryRecorder<KeyValueInput, KeyValueOutput>()
  readonly #callers: Promise<void>[] = []
  readonly errors: DureError[] = []
  #isStopped = false
  acknowledged = 0

  constructor(store: KeyValueStore, options: LoadOptions = {}) {
    this.#store = store
    this.#options = { keyCount: 40, callers: 16, thinkMs: 4, timeoutMs: 10_000, readEvery: 4, ...options }
    for (let caller = 0; caller < this.#options.callers; caller++) this.#callers.push(this.#run(caller))
  }

  /** Resolves once so many more writes were acknowledged than were when it was called. */
  async progress(count: number): Promise<void> {
    const enough = this.acknowledged + count
    await waitFor(`${count} more writes to be acknowledged`, PROGRESS_MS_MAX, async () =>
      this.acknowledged >= enough ? true : undefined,
    )
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#callers)
  }

  /** Reads every key once more and checks the whole history; undefined when it is valid, else why it is not. */
  async verdict(): Promise<string | undefined> {
    for (let i = 0; i < this.#options.keyCount; i++) await this.read(-1, keyName(i))
    const result = checkLinearizable(this.#recorder.history(), keyValueModel)
    switch (result.verdict) {
      case 'valid':
        return undefined
      case 'unknown':
        return `the history of ${result.key} was too hard to check`
      case 'invalid':
        return `the history of ${result.key} is not linearizable\n${result.witness.text}`
    }
  }

  /** One recorded read, of this store unless another is given. Resolves with its error. */
  read(caller: number, key: string, store = this.#store, timeoutMs = this.#options.timeoutMs) {
    const operation = this.#recorder.start(caller, { kind: 'get', key })
    return this.#ended(operation, async () => {
      const found = await store.get(utf8(key), { timeoutMs })
      const value = found.exists ? text(found.value) : undefined
      return { kind: 'value', value, version: found.version }
    })
  }

  /** One recorded write. Resolves with its error. */
  write(
    caller: number,
    key: string,
    value: string,
    store = this.#store,
    timeoutMs = this.#options.timeoutMs,
  ) {
    const operation = this.#recorder.start(caller, { kind: 'put', key, value })
    return this.#ended(operation, async () => {
      const { version } = await store.put(utf8(key), utf8(value), { timeoutMs })
      this.acknowledged++
      return { kind: 'written', version }
    })
  }

  async #run(caller: number): Promise<void> {
    const { keyCount, thinkMs, readEvery } = this.#options
    for (let i = 1; !this.#isStopped; i++) {
      const key = keyName((caller * 7 + i * 3) % keyCount)
      if (i % readEvery === 0) await this.read(caller, key)
      else await this.write(caller, key, `${caller}.${i}`)
      await new Promise((resolve) => setTimeout(resolve, thinkMs))
    }
  }

  async #ended(
    operation: OpenOperation<KeyValueOutput>,
    call: () => Promise<KeyValueOutput>,
  ): Promise<DureError | undefined> {
    let output: KeyValueOutput
    try {
      output = await call()
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      this.errors.push(error)
      if (error.outcome === 'failed') operation.fail()
      else operation.unknown()
      return error
    }
    operation.complete(output)
    return undefined
  }
}

const keyName = (i: number): string => `k${i}`
