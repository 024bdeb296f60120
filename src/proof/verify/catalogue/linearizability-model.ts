import { DureError } from '../../../foundation/errors.ts'
import { isIndependent } from '../checks/independent/split-by-key.ts'
import type { HistoryEvent, HistoryValue } from '../history/event.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import { type AnyLibraryModel, modelNamed, modelNames } from '../linearizability/models/models.ts'
import type { CheckName } from './checks.ts'
import type { NamedCheck } from './named-check.ts'

/** Models whose names the simpler checks have. */
const otherNames: Readonly<Partial<Record<CheckName, string>>> = {
  'linearizable-queue': 'queue',
  'linearizable-set': 'set',
  'linearizable-counter': 'counter',
}

/** The model of a check of linearizability, with the options that it was given; undefined for other checks. */
export function linearizabilityModel({
  name,
  family,
  initial,
  nilRead,
}: NamedCheck): AnyLibraryModel | undefined {
  if (family !== 'linearizability') return undefined
  const options = { ...(initial !== undefined && { initial }), ...(nilRead !== undefined && { nilRead }) }
  try {
    const model = modelNamed(otherNames[name] ?? name, options)
    if (model === undefined) throw new RangeError(`${name} is none of ${modelNames.join(', ')}`)
    return model
  } catch (error) {
    // What a model says of an initial value of another type.
    if (error instanceof TypeError)
      throw new DureError('invalid', `${name}: ${error.message}`, { cause: error })
    throw error
  }
}

/**
 * Jepsen's tests of many objects write `[key, value]` as the value of every event: the same history with the keys where
 * models look for them. Told by reads that ask for `[key, nil]`: arguments of a compare-and-set are pairs as well.
 * Histories of other kinds stay as they are.
 */
export function withKeysApart(history: RecordedHistory): RecordedHistory {
  const isKeyed = history.events.some(asksForKey) && isIndependent(history)
  return isKeyed ? { ...history, events: history.events.map(withKeyApart) } : history
}

const asksForKey = ({ type, value }: HistoryEvent): boolean =>
  type === 'invoke' && Array.isArray(value) && value.length === 2 && value[1] === null

function withKeyApart(event: HistoryEvent): HistoryEvent {
  if (!Array.isArray(event.value) || event.process === 'nemesis') return event
  const [key, value] = event.value as readonly HistoryValue[]
  return { ...event, key: key!, value: value! }
}
