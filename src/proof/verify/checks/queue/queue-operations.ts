import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { elementsOf } from '../../history/value/parts-of.ts'
import { didNotHappen, type ElementKey, elementKey, operationsOf, wrongShape } from '../client-operations.ts'

/** An element that came out, by a dequeue or as one of a drain. */
export interface Dequeued {
  readonly value: HistoryValue
  /** Call and return of the operation that it came out of. */
  readonly call: number
  readonly return: number
}

/** Everything that was put into a queue and taken out of it of one value. */
export interface QueuedElement {
  readonly value: HistoryValue
  /** Calls of the enqueues that did not fail, in order. */
  readonly enqueues: number[]
  /** Calls of the enqueues that failed. */
  readonly failed: number[]
  /** The enqueues that were acknowledged, in the order of their calls. */
  readonly acknowledged: { readonly call: number; readonly return: number }[]
  /** In the order of their returns, once `readQueue` is done. */
  readonly dequeues: Dequeued[]
}

export interface QueueOperations {
  readonly elements: ReadonlyMap<ElementKey, QueuedElement>
  /** The last call of an operation that then found the queue empty: a drain, or a dequeue that answered so. */
  readonly lastEmptyCall: number
  /** Dequeues that may have taken an element which nobody was told of. */
  readonly unansweredDequeues: number
  /** Drains, each of which may have taken any number. */
  readonly unansweredDrains: number
  readonly operations: number
}

/** A queue is empty when a dequeue fails, or answers, with one of these. */
const emptyAnswers: ReadonlySet<HistoryValue | undefined> = new Set(['empty', 'exhausted'])

export function readQueue(history: RecordedHistory): QueueOperations {
  const operations = operationsOf(history, ['enqueue', 'dequeue', 'drain'])
  const elements = new Map<ElementKey, QueuedElement>()
  const elementOf = (value: HistoryValue): QueuedElement => {
    const key = elementKey(value)
    let element = elements.get(key)
    if (element === undefined) {
      element = { value, enqueues: [], failed: [], acknowledged: [], dequeues: [] }
      elements.set(key, element)
    }
    return element
  }
  let [lastEmptyCall, unansweredDequeues, unansweredDrains] = [-1, 0, 0]
  for (const operation of operations) {
    if (operation.f === 'enqueue') {
      const element = elementOf(operation.value)
      if (didNotHappen(operation)) element.failed.push(operation.call)
      else element.enqueues.push(operation.call)
      if (operation.outcome === 'ok')
        element.acknowledged.push({ call: operation.call, return: operation.return! })
      continue
    }
    if (operation.outcome === 'unknown') {
      if (operation.f === 'drain') unansweredDrains++
      else unansweredDequeues++
    } else if (foundEmpty(operation)) lastEmptyCall = Math.max(lastEmptyCall, operation.call)
    if (operation.outcome !== 'ok') continue
    for (const value of valuesOut(history, operation))
      elementOf(value).dequeues.push({ value, call: operation.call, return: operation.return! })
  }
  for (const { dequeues } of elements.values())
    if (dequeues.length > 1) dequeues.sort((a, b) => a.return - b.return)
  return { elements, lastEmptyCall, unansweredDequeues, unansweredDrains, operations: operations.length }
}

function foundEmpty({ f, outcome, answer, error }: RecordedOperation): boolean {
  if (f === 'drain') return outcome === 'ok'
  if (outcome === 'ok') return answer === null
  return emptyAnswers.has(answer) || emptyAnswers.has(error)
}

function valuesOut(history: RecordedHistory, operation: RecordedOperation): readonly HistoryValue[] {
  const answer = operation.answer ?? null
  if (operation.f === 'dequeue') return answer === null ? [] : [answer]
  const values = elementsOf(answer)
  if (values !== undefined) return values
  throw wrongShape(history, operation.return!, answer, {
    expected: 'the elements that were drained, as a list',
    advice: 'A drain answers with everything that it took out.',
  })
}
