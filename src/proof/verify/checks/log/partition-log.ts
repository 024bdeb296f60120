import type { HistoryValue } from '../../history/event.ts'
import type { ElementKey } from '../client-operations.ts'
import type { LogMessage } from './log-operations.ts'

/** What is known of one message of a partition. */
export interface KnownMessage {
  readonly value: HistoryValue
  /** The offset that it was seen at first; -1 while none is known. */
  offset: number
  /** All of them, once there are several. */
  offsets: Set<number> | undefined
  least: number
  greatest: number
  /** The call of the first send that did not fail; -1 without one. */
  sent: number
  /** How many sends of it did not fail. */
  sends: number
  /** The call of a send that was acknowledged; -1 without one. */
  acknowledged: number
  /** The call of the first send that failed; -1 without one. */
  failed: number
  /** The call of the first poll that found it; -1 without one. */
  polled: number
}

/**
 * The log of one partition as all sends and polls together tell it: which value is at which offset. Offsets have gaps
 * (transactions write marks of their own), so messages are compared by their place among the known ones, the *index*.
 */
export class PartitionLog {
  readonly key: string
  readonly messages = new Map<ElementKey, KnownMessage>()
  /** The first value told of each offset. */
  readonly #first = new Map<number, ElementKey>()
  /** Offsets of which several values were told. */
  readonly conflicts = new Map<number, Set<ElementKey>>()
  readonly #indices = new Map<number, number>()

  constructor(key: string) {
    this.key = key
  }

  messageOf({ id, value }: LogMessage): KnownMessage {
    let message = this.messages.get(id)
    if (message === undefined) {
      message = {
        ...{ value, offset: -1, offsets: undefined, least: -1, greatest: -1 },
        ...{ sent: -1, sends: 0, acknowledged: -1, failed: -1, polled: -1 },
      }
      this.messages.set(id, message)
    }
    return message
  }

  place(message: LogMessage): void {
    const { offset, id } = message
    if (offset === undefined) return
    const known = this.messageOf(message)
    if (known.offset < 0) known.offset = known.least = known.greatest = offset
    else if (known.offset !== offset) {
      known.offsets ??= new Set([known.offset])
      known.offsets.add(offset)
      known.least = Math.min(known.least, offset)
      known.greatest = Math.max(known.greatest, offset)
    }
    const first = this.#first.get(offset)
    if (first === undefined) this.#first.set(offset, id)
    else if (first !== id) {
      const values = this.conflicts.get(offset)
      if (values === undefined) this.conflicts.set(offset, new Set([first, id]))
      else values.add(id)
    }
  }

  /** Numbers the offsets, once all are known. */
  seal(): void {
    const offsets = Float64Array.from(this.#first.keys()).sort()
    for (let index = 0; index < offsets.length; index++) this.#indices.set(offsets[index]!, index)
  }

  indexOf({ offset, id }: LogMessage): number | undefined {
    if (offset !== undefined) return this.#indices.get(offset)
    const known = this.messages.get(id)
    return known === undefined || known.offsets !== undefined ? undefined : this.firstIndex(known)
  }

  /** The least place that it is known to have; undefined when its offset is not known. */
  firstIndex({ least }: KnownMessage): number | undefined {
    return this.#indices.get(least)
  }

  lastIndex({ greatest }: KnownMessage): number | undefined {
    return this.#indices.get(greatest)
  }
}
