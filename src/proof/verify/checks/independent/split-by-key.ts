import type { HistoryEvent, HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import { type ElementKey, elementKey, wrongShape } from '../client-operations.ts'

/** The part of a history that is about one key, without the key. */
export interface KeyHistory {
  readonly key: HistoryValue
  readonly history: RecordedHistory
}

/**
 * Whether the values of a history are `[key, value]` pairs, as Jepsen's independent tests write them: all values of calls
 * and answers are lists of two, that begin with a number or a text.
 *
 * ```ts
 * const result = isIndependent(history) ? checkIndependent(history, checkSet) : checkSet(history)
 * ```
 *
 * A guess, for files that do not say: a history of calls whose own values are pairs looks the same.
 */
export function isIndependent(history: RecordedHistory): boolean {
  let isAny = false
  for (const event of history.events) {
    if (event.process === 'nemesis') continue
    // What ends without an answer may have lost its key too, or tell an error in its place.
    if (event.type === 'info' || event.type === 'fail') continue
    if (pairIn(event.value) === undefined) return false
    isAny = true
  }
  return isAny
}

/**
 * The histories of all keys, which are independent problems: each event goes to its own key's, with the value alone.
 * Events keep their indices. Throws a `HistoryError` at the first value that is no pair.
 */
export function splitByKey(history: RecordedHistory): readonly KeyHistory[] {
  const parts = new Map<ElementKey, { readonly key: HistoryValue; events: HistoryEvent[]; lines: number[] }>()
  /** The key of the call that each process has open. */
  const open = new Map<number | string, ElementKey>()
  for (let position = 0; position < history.events.length; position++) {
    const event = history.events[position]!
    if (event.process === 'nemesis') continue
    const pair = pairIn(event.value)
    const isCall = event.type === 'invoke'
    const key = pair === undefined ? undefined : elementKey(pair[0])
    const called = open.get(event.process)
    if (event.type === 'info' && called === undefined) continue
    const needsKey = isCall || event.type === 'ok' || called === undefined
    if (needsKey && (pair === undefined || (event.type === 'ok' && key !== called)))
      throw wrongShape(history, event.index, event.value, {
        expected: isCall ? 'a pair of a key and a value' : 'a pair of the key that was called, and a value',
        advice: 'If the values of this history do not begin with keys, check it as a whole.',
      })
    const belongs = isCall ? key! : (called ?? key!)
    let part = parts.get(belongs)
    if (part === undefined) {
      part = { key: pair![0], events: [], lines: [] }
      parts.set(belongs, part)
    }
    const value = pair !== undefined && key === belongs ? pair[1] : null
    part.events.push({ ...event, value })
    if (history.lines !== undefined) part.lines.push(history.lines[position]!)
    if (isCall) open.set(event.process, belongs)
    else open.delete(event.process)
  }
  return [...parts.values()].map(({ key, events, lines }) => ({
    key,
    history: { origin: history.origin, events, ...(history.lines === undefined ? {} : { lines }) },
  }))
}

/** A key and a value; undefined for what is none. */
export function pairIn(value: HistoryValue): readonly [HistoryValue, HistoryValue] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const kind = typeof value[0]
  if (kind !== 'number' && kind !== 'string' && kind !== 'bigint') return undefined
  return value as unknown as readonly [HistoryValue, HistoryValue]
}
