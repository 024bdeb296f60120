import { DureError } from '../../../foundation/errors.ts'
import { wrongShape } from '../checks/client-operations.ts'
import { isIndependent, pairIn } from '../checks/independent/split-by-key.ts'
import type { HistoryEvent } from '../history/event.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import { type AnyLibraryModel, modelNamed, modelNames } from '../linearizability/models/models.ts'
import { type CheckName, describeCheck } from './checks.ts'
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
 * Whether the values of a history are taken as Jepsen's tests of many objects write them: `[key, value]` of every event.
 * The setting `keyed` says it; else it is told by all values being pairs, and of checks whose own values may be pairs (the
 * arguments of a compare-and-set are) by reads that ask for `[key, nil]` too.
 */
export function hasKeysInValues(history: RecordedHistory, { name, family, settings }: NamedCheck): boolean {
  if (describeCheck(name).settings?.keyed === undefined) return false
  const said = settings?.keyed
  if (typeof said === 'boolean') return said
  const mayHavePairs = family === 'linearizability' || name === 'session-guarantees'
  return (!mayHavePairs || history.events.some(asksForKey)) && isIndependent(history)
}

/** Such a history with the keys where models look for them. Others stay as they are. */
export function withKeysApart(history: RecordedHistory, check: NamedCheck): RecordedHistory {
  if (!hasKeysInValues(history, check)) return history
  return { ...history, events: history.events.map((event) => withKeyApart(event, history)) }
}

const asksForKey = ({ type, value }: HistoryEvent): boolean =>
  type === 'invoke' && Array.isArray(value) && value.length === 2 && value[1] === null

function withKeyApart(event: HistoryEvent, history: RecordedHistory): HistoryEvent {
  if (event.process === 'nemesis') return event
  const pair = pairIn(event.value)
  if (pair !== undefined) return { ...event, key: pair[0], value: pair[1] }
  // What ends without an answer may have lost its key too: the call has it.
  if (event.type === 'info' || event.type === 'fail') return event
  throw wrongShape(history, event.index, event.value, {
    expected: 'a pair of a key and a value',
    advice: 'If the values of this history do not begin with keys, say --option keyed=false.',
  })
}
