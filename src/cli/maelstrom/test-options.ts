import { InvalidArgumentError } from 'commander'
import type { FaultKind } from '../../proof/chaos/nemesis/cluster-under-test.ts'
import {
  type ConsistencyModel,
  consistencyModels,
} from '../../proof/verify/transactions/consistency/consistency-model.ts'

/** What programs under test can suffer. */
export const nemesisKinds = ['partition', 'kill', 'pause', 'packet'] as const satisfies readonly FaultKind[]

export type Concurrency = (nodes: number) => number

/** For commander: a number of clients, or so many for each node: `10`, `4n`. */
export function concurrency(text: string): Concurrency {
  const found = /^([1-9]\d{0,3})(n?)$/.exec(text)
  if (found === null)
    throw new InvalidArgumentError('Use a number of clients, or so many for each node: 10, 4n.')
  const count = Number(found[1])
  return found[2] === 'n' ? (nodes) => count * nodes : () => count
}

/** For commander: `total`, or a part of all calls. */
export function availability(text: string): number {
  if (text === 'total') return 1
  const part = Number(text)
  if (text.trim() !== '' && part >= 0 && part <= 1) return part
  throw new InvalidArgumentError('Use total, or a part of all calls from 0 to 1, such as 0.99.')
}

/** For commander: a number that need not be whole. */
export function positive(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value < 1e9) return value
  throw new InvalidArgumentError('Use a number above 0.')
}

/** For commander: 0 or more. */
export function notNegative(text: string): number {
  return Number(text) === 0 && text.trim() !== '' ? 0 : positive(text)
}

/** For commander: `partition,kill`, `all` or `none`. */
export function faultList(text: string): readonly FaultKind[] {
  if (text === 'none') return []
  if (text === 'all') return nemesisKinds
  return [...new Set(listOf(text, nemesisKinds, 'kind of fault'))]
}

export const modelList = (text: string): ConsistencyModel[] =>
  listOf(text, consistencyModels, 'consistency model') as ConsistencyModel[]

function listOf<Word extends string>(text: string, known: readonly Word[], what: string): Word[] {
  return text.split(',').map((part) => {
    const word = known.find((each) => each === part.trim())
    if (word !== undefined) return word
    throw new InvalidArgumentError(`${JSON.stringify(part)} is no ${what}. Use some of ${known.join(', ')}.`)
  })
}
