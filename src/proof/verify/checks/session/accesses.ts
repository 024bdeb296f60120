import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { didNotHappen, type ElementKey, elementKey, operationsOf, wrongShape } from '../client-operations.ts'
import { type Integer, integerFrom } from '../integer.ts'

/** One read or write of one object. */
export interface Access {
  readonly kind: 'read' | 'write'
  readonly session: number | string
  readonly value: HistoryValue
  readonly id: ElementKey
  /** Undefined where the history does not say. */
  readonly version: Integer | undefined
  readonly operation: RecordedOperation
}

/** The accesses of one object, in the order of their calls. */
export interface ObjectAccesses {
  readonly key: HistoryValue
  readonly accesses: Access[]
  /** Writes that failed, and so must never be read. */
  readonly failed: Map<ElementKey, RecordedOperation>
}

/**
 * Takes `read` and `write` of the event's key, or of the one object there is, and `txn` with micro-operations
 * `['r', key, value]` and `['w', key, value]`. A value may come with its version: as `{ value, version }`, or behind the
 * value in a micro-operation. Reads that found nothing out are left out.
 */
export function accessesByObject(history: RecordedHistory): {
  readonly objects: readonly ObjectAccesses[]
  readonly count: number
} {
  const objects = new Map<ElementKey, ObjectAccesses>()
  let count = 0
  const add = (
    kind: 'read' | 'write',
    key: HistoryValue,
    told: { readonly value: HistoryValue; readonly version: Integer | undefined },
    operation: RecordedOperation,
  ): void => {
    const name = elementKey(key)
    let object = objects.get(name)
    if (object === undefined) {
      object = { key, accesses: [], failed: new Map() }
      objects.set(name, object)
    }
    count++
    const id = elementKey(told.value)
    if (didNotHappen(operation)) object.failed.set(id, operation)
    else object.accesses.push({ kind, session: operation.process, ...told, id, operation })
  }
  for (const operation of operationsOf(history, ['read', 'write', 'txn'])) {
    const { f, outcome, value, answer } = operation
    if (f === 'txn') {
      for (const [kind, key, asked, version] of microOperations(history, operation)) {
        if (kind === 'r' && outcome !== 'ok') continue
        const told = { value: asked, version: integerFrom(version) }
        add(kind === 'r' ? 'read' : 'write', key, told, operation)
      }
    } else if (f === 'read') {
      if (outcome === 'ok') add('read', operation.key ?? null, versioned(answer ?? null), operation)
    } else {
      const written = versioned(value)
      const version = outcome === 'ok' ? versioned(answer ?? null).version : undefined
      add('write', operation.key ?? null, { value: written.value, version }, operation)
    }
  }
  return { objects: [...objects.values()], count }
}

function versioned(value: HistoryValue): {
  readonly value: HistoryValue
  readonly version: Integer | undefined
} {
  if (!(value instanceof Map) || !value.has('version')) return { value, version: undefined }
  const fields = value as ReadonlyMap<HistoryValue, HistoryValue>
  return { value: fields.get('value') ?? null, version: integerFrom(fields.get('version')) }
}

type MicroOperation = readonly ['r' | 'w', key: HistoryValue, value: HistoryValue, version?: HistoryValue]

function microOperations(history: RecordedHistory, operation: RecordedOperation): readonly MicroOperation[] {
  const isAnswered = operation.outcome === 'ok'
  const value = isAnswered ? operation.answer! : operation.value
  const isRight =
    Array.isArray(value) &&
    value.every(
      (part) =>
        Array.isArray(part) &&
        (part.length === 3 || part.length === 4) &&
        (part[0] === 'r' || part[0] === 'w'),
    )
  if (isRight) return value as unknown as readonly MicroOperation[]
  throw wrongShape(history, isAnswered ? operation.return! : operation.call, value, {
    expected: 'reads and writes, as [["r", "x", 1], ["w", "x", 2]]',
    advice: 'The session guarantees are checked on registers.',
  })
}
