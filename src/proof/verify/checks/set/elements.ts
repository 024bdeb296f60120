import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { elementsOf } from '../../history/value/parts-of.ts'
import { didNotHappen, type ElementKey, elementKey, never, wrongShape } from '../client-operations.ts'

/** What the adds of one element say together: an element may be added again. */
export interface AddedElement {
  readonly value: HistoryValue
  /** The call of the first add that did not fail; `never` when all failed. */
  call: number
  /** The first return of an add that was acknowledged; `never` without one. */
  acknowledged: number
  acknowledgedTimeNs: number | undefined
  /** The call of the first add, however it ended. */
  readonly firstCall: number
}

export function addedElements(operations: readonly RecordedOperation[]): Map<ElementKey, AddedElement> {
  const elements = new Map<ElementKey, AddedElement>()
  for (const operation of operations) {
    if (operation.f !== 'add') continue
    const { value, call } = operation
    const key = elementKey(value)
    let element = elements.get(key)
    if (element === undefined) {
      element = { value, call: never, acknowledged: never, acknowledgedTimeNs: undefined, firstCall: call }
      elements.set(key, element)
    }
    if (didNotHappen(operation)) continue
    element.call = Math.min(element.call, call)
    if (operation.outcome === 'ok' && operation.return! < element.acknowledged) {
      element.acknowledged = operation.return!
      element.acknowledgedTimeNs = operation.returnTimeNs
    }
  }
  return elements
}

export function elementsRead(history: RecordedHistory, read: RecordedOperation): readonly HistoryValue[] {
  const elements = elementsOf(read.answer)
  if (elements !== undefined) return elements
  throw wrongShape(history, read.return!, read.answer, {
    expected: 'the elements of the set, as a list',
    advice:
      'A read of a set answers with all its elements. If values are [key, value] pairs, check key by key.',
  })
}

/** Why nobody can have read it by this return; undefined when its add explains it. */
export function whyUnexpected(
  element: AddedElement | undefined,
  returned: number,
): { readonly name: 'unexpected-element' | 'failed-element'; readonly because: string } | undefined {
  if (element === undefined) return { name: 'unexpected-element', because: 'nobody ever added it' }
  if (element.call < returned) return undefined
  if (element.call === never && element.firstCall < returned)
    return { name: 'failed-element', because: `its add, operation ${element.firstCall}, failed` }
  return {
    name: 'unexpected-element',
    because: `its first add, operation ${element.firstCall}, was called only after the read had returned`,
  }
}
