import type { Client, ClientTransaction } from '../../../engines/client/client.ts'
import { text, utf8 } from '../../../foundation/bytes.ts'
import type { DureError } from '../../../foundation/errors.ts'
import type { CommitResult } from '../../../ports/key-value/key-value-store.ts'
import { absent, type Version, versionFromNumber } from '../../../ports/key-value/version.ts'
import type { Random } from '../../../runtime/random.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { HistoryRecorder, OpenOperation } from '../../verify/history/history-recorder.ts'
import type { KeyValueInput, KeyValueOutput } from '../../verify/linearizability/key-value-model.ts'

export interface StandingClientOptions {
  /** Clients contend for so many keys. */
  readonly keyCount: number
  /** Between an answer and the next call, about. */
  readonly thinkMs: number
  readonly timeoutMs: number
  /** Told the version of every write that was acknowledged. */
  readonly acknowledged?: (version: Version) => void
}

/** Values over several sectors, so that writes of the log can tear. */
const LARGE_SHARE = 0.08

export type Recorder = HistoryRecorder<KeyValueInput, KeyValueOutput>

/**
 * The other key of a commit over two: always the same one, so that the checker meets pairs of keys and not all of them
 * tied together, which would be too hard to decide.
 */
const partnerOf = (key: string, keyCount: number): string => {
  const partner = Number(key.slice(1)) ^ 1
  return keyName(partner < keyCount ? partner : 0)
}

export const keyName = (i: number): string => `k${String(i).padStart(3, '0')}`

/**
 * One client that does a bit of everything, one call after the other, and writes down what it saw. Every value is
 * written once, so a read tells which write it saw.
 */
export class StandingClient {
  readonly #process: number
  readonly #runtime: Runtime
  readonly #client: Client
  readonly #recorder: Recorder
  readonly #random: Random
  readonly #options: StandingClientOptions
  /** Versions seen, for comparisons that have a chance. */
  readonly #versions = new Map<string, Version>()
  #writes = 0
  #isStopped = false
  /** Calls that ended with an answer. */
  completed = 0

  constructor(
    process: number,
    runtime: Runtime,
    client: Client,
    recorder: Recorder,
    options: StandingClientOptions,
  ) {
    this.#process = process
    this.#runtime = runtime
    this.#client = client
    this.#recorder = recorder
    this.#random = runtime.random
    this.#options = options
  }

  get name(): string {
    return `client ${this.#process}`
  }

  start(): void {
    this.#later()
  }

  stop(): void {
    this.#isStopped = true
  }

  #later(): void {
    const delayMs = this.#options.thinkMs * 2 * this.#random.next()
    this.#runtime.timer(delayMs, () => {
      if (!this.#isStopped) this.#next()
    })
  }

  #next(): void {
    const key = this.#key()
    const dice = this.#random.next()
    if (dice < 0.4) this.#get(key)
    else if (dice < 0.65) this.#write({ kind: 'put', key, value: this.#value() })
    else if (dice < 0.8) this.#write({ kind: 'put', key, value: this.#value(), ifVersion: this.#known(key) })
    else if (dice < 0.87) this.#write({ kind: 'delete', key })
    else if (dice < 0.97) this.#commitTwo(key)
    else this.#list()
  }

  #get(key: string): void {
    const operation = this.#recorder.start(this.#process, { kind: 'get', key })
    this.#client.get(utf8(key), 'strong', this.#options.timeoutMs, (error, stored) => {
      if (stored === undefined) return this.#failed(operation, error)
      this.#versions.set(key, stored.version)
      const value = stored.exists ? text(stored.value) : undefined
      operation.complete({ kind: 'value', value, version: stored.version })
      this.#done()
    })
  }

  /** All keys from one snapshot: each of them a read between this call and its return. */
  #list(): void {
    const keys = Array.from({ length: this.#options.keyCount }, (_, i) => keyName(i))
    const operations = keys.map((key) => this.#recorder.start(this.#process, { kind: 'get', key }))
    const seen = new Map<string, KeyValueOutput>()
    const page = (from: Uint8Array, snapshot: number): void => {
      const request = { from, to: undefined, limit: 7, consistency: 'strong', snapshot } as const
      this.#client.page(request, this.#options.timeoutMs, (_error, answer) => {
        if (answer === undefined) {
          for (const operation of operations) operation.fail()
          return this.#later()
        }
        for (const { key, value, version } of answer.rows) {
          seen.set(text(key), { kind: 'value', value: text(value), version })
        }
        if (answer.next !== undefined) return page(answer.next, answer.snapshot)
        for (const [i, operation] of operations.entries()) {
          operation.complete(seen.get(keys[i]!) ?? { kind: 'value', value: undefined, version: absent })
        }
        this.#done()
      })
    }
    page(utf8(''), 0)
  }

  #commitTwo(key: string): void {
    const other = partnerOf(key, this.#options.keyCount)
    const comparisons = this.#random.next() < 0.5 ? [{ key, version: this.#known(key) }] : []
    this.#write({
      kind: 'commit',
      comparisons,
      operations: [
        { key, value: this.#value() },
        { key: other, value: this.#random.next() < 0.7 ? this.#value() : undefined },
      ],
    })
  }

  #write(input: Exclude<KeyValueInput, { kind: 'get' }>): void {
    const operation = this.#recorder.start(this.#process, input)
    this.#client.commit(toTransaction(input), this.#options.timeoutMs, (error, result) => {
      if (result === undefined) return this.#failed(operation, error)
      operation.complete(toOutput(result))
      if (result.committed) {
        this.#options.acknowledged?.(result.version)
        for (const { key, value } of writesOf(input))
          this.#versions.set(key, value === undefined ? absent : result.version)
      }
      this.#done()
    })
  }

  #failed(operation: OpenOperation<KeyValueOutput>, error: DureError | undefined): void {
    if (error?.outcome === 'failed') operation.fail()
    else operation.unknown()
    this.#later()
  }

  #done(): void {
    this.completed++
    this.#later()
  }

  #key(): string {
    return keyName(this.#random.integer(0, this.#options.keyCount - 1))
  }

  #known(key: string): Version {
    return this.#versions.get(key) ?? absent
  }

  #value(): string {
    const value = `${this.#process}.${++this.#writes}`
    return this.#random.next() < LARGE_SHARE ? value.padEnd(this.#random.integer(500, 2_500), '.') : value
  }
}

type WriteInput = Exclude<KeyValueInput, { kind: 'get' }>

function writesOf(
  input: WriteInput,
): readonly { readonly key: string; readonly value: string | undefined }[] {
  if (input.kind === 'commit') return input.operations
  return [{ key: input.key, value: input.kind === 'put' ? input.value : undefined }]
}

function toTransaction(input: WriteInput): ClientTransaction {
  const comparisons =
    input.kind === 'commit'
      ? input.comparisons
      : input.ifVersion === undefined
        ? []
        : [{ key: input.key, version: input.ifVersion }]
  return {
    comparisons: comparisons.map(({ key, version }) => ({
      key: utf8(key),
      version: versionFromNumber(version),
    })),
    operations: writesOf(input).map(({ key, value }) =>
      value === undefined
        ? { kind: 'delete', key: utf8(key) }
        : { kind: 'put', key: utf8(key), value: utf8(value) },
    ),
  }
}

function toOutput(result: CommitResult): KeyValueOutput {
  if (!result.committed) return { kind: 'comparison-failed', found: result.found }
  return { kind: 'written', version: result.version, existed: result.existed }
}
