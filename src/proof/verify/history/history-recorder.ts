import { assert } from '../../../foundation/assert.ts'
import type { History, Operation, OperationOutcome } from './operation.ts'

/**
 * Writes down what clients did. Keeps no time, only the order in which it was told, so it works under any clock.
 *
 * ```ts
 * const recorder = new HistoryRecorder<KeyValueInput, KeyValueOutput>()
 * const operation = recorder.start(client, { kind: 'get', key: 'a' })
 * operation.complete({ kind: 'value', value: '1', version: 7 })
 * checkLinearizable(recorder.history(), keyValueModel)
 * ```
 *
 * Call `start` before the request leaves and the end after the answer came, or the order claims too much.
 */
export class HistoryRecorder<Input, Output> {
  readonly #operations: RecordedOperation<Input, Output>[] = []
  #events = 0

  start(process: number, input: Input): OpenOperation<Output> {
    const operation = new RecordedOperation<Input, Output>(
      process,
      input,
      this.#events++,
      () => this.#events++,
    )
    this.#operations.push(operation)
    return operation
  }

  get size(): number {
    return this.#operations.length
  }

  /** What was recorded so far; operations that are still open are `unknown`. */
  history(): History<Input, Output> {
    return this.#operations.map(({ process, input, call, return: returned, outcome, output }) => ({
      process,
      input,
      call,
      return: returned,
      outcome,
      output,
    }))
  }
}

/** Ends once, by one of three. */
export interface OpenOperation<Output> {
  complete(output: Output): void
  /** It certainly did not and will not happen. */
  fail(): void
  /** It may have happened, or may happen yet. */
  unknown(): void
}

class RecordedOperation<Input, Output> implements Operation<Input, Output>, OpenOperation<Output> {
  readonly process: number
  readonly input: Input
  readonly call: number
  return: number | undefined = undefined
  outcome: OperationOutcome = 'unknown'
  output: Output | undefined = undefined
  readonly #nextEvent: () => number

  constructor(process: number, input: Input, call: number, nextEvent: () => number) {
    this.process = process
    this.input = input
    this.call = call
    this.#nextEvent = nextEvent
  }

  complete(output: Output): void {
    this.output = output
    this.#end('ok')
  }

  fail(): void {
    this.#end('failed')
  }

  unknown(): void {
    this.#end('unknown')
  }

  #end(outcome: OperationOutcome): void {
    assert(this.return === undefined, 'an operation ends once')
    this.return = this.#nextEvent()
    this.outcome = outcome
  }
}
