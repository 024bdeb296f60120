import type { History, Operation } from '../../history/operation.ts'
import { seededRandom } from '../random-history.ts'

/** For tests: an object that answers as it should, and calls of it. */
export interface Simulated<State, Input, Output> {
  readonly initial: State
  randomInput(below: (count: number) => number, process: number): Input
  /** What a correct object does and answers. */
  apply(state: State, input: Input): { readonly state: State; readonly output: Output }
}

export interface RandomOperationsOptions {
  readonly seed: number
  readonly operations: number
  readonly processes: number
  /** How many of the calls end unknown, half of which happen, some long after. */
  readonly unknownRate: number
}

/** A history that is linearizable by construction, with calls that overlap at random. */
export function randomOperations<State, Input, Output>(
  object: Simulated<State, Input, Output>,
  { seed, operations, processes, unknownRate }: RandomOperationsOptions,
): History<Input, Output> {
  const random = seededRandom(seed)
  const below = (count: number): number => Math.floor(random() * count)
  let state = object.initial
  let events = 0
  const history: { -readonly [Name in keyof Operation<Input, Output>]: Operation<Input, Output>[Name] }[] = []
  const open: (
    | { at: number; isApplied: boolean; output: Output | undefined; endsUnknown: boolean }
    | undefined
  )[] = new Array(processes).fill(undefined)
  const late: Input[] = []
  const apply = (input: Input): Output => {
    const { state: after, output } = object.apply(state, input)
    state = after
    return output
  }
  while (history.length < operations || open.some((call) => call !== undefined)) {
    if (late.length > 0 && random() < 0.1) apply(late.splice(below(late.length), 1)[0]!)
    const process = below(processes)
    const call = open[process]
    if (call === undefined) {
      if (history.length === operations) continue
      const input = object.randomInput(below, process)
      history.push({
        process,
        input,
        call: events++,
        return: undefined,
        outcome: 'unknown',
        output: undefined,
      })
      const endsUnknown = random() < unknownRate
      open[process] = { at: history.length - 1, isApplied: false, output: undefined, endsUnknown }
      continue
    }
    const operation = history[call.at]!
    if (!call.isApplied && random() < 0.7) {
      call.isApplied = true
      if (!call.endsUnknown || random() < 0.4) call.output = apply(operation.input)
      else if (random() < 0.5) late.push(operation.input)
    } else if (call.isApplied) {
      operation.return = events++
      if (!call.endsUnknown) {
        operation.outcome = 'ok'
        operation.output = call.output
      }
      open[process] = undefined
    }
  }
  return history
}

/** One answer exchanged for another, one event moved or one outcome changed: right or wrong afterwards. */
export function disturbed<Input, Output>(
  history: History<Input, Output>,
  random: () => number,
  isSameKind: (left: Input, right: Input) => boolean,
): History<Input, Output> {
  const below = (count: number): number => Math.floor(random() * count)
  const answered = history.filter(({ outcome }) => outcome === 'ok')
  if (answered.length === 0) return history
  const chosen = answered[below(answered.length)]!
  const others = answered.filter(({ input }) => isSameKind(input, chosen.input))
  const choice = random()
  return history.map((operation) => {
    if (operation !== chosen) return operation
    if (choice < 0.7) return { ...operation, output: others[below(others.length)]!.output }
    if (choice < 0.85) return { ...operation, return: operation.call + 0.5 }
    return { ...operation, outcome: choice < 0.92 ? 'failed' : 'unknown', output: undefined }
  })
}
