import type { Random } from '../../../runtime/random.ts'
import { structuralKey } from '../../verify/linearizability/search/structural-key.ts'
import type { Body } from '../protocol/message.ts'
import { keyOf, keyValueStep } from './key-value-request.ts'
import type { Service } from './service.ts'

const REPLICAS = 5

/**
 * `lww-kv`: copies that answer each by itself and merge now and then, the later write winning: as inconsistent as a store
 * can be that still converges.
 */
export class LastWriteWinsStore implements Service {
  readonly #random: Random
  readonly #replicas: Replica[] = Array.from({ length: REPLICAS }, () => ({ clock: 0, rows: new Map() }))

  constructor(random: Random) {
    this.#random = random
  }

  handle(body: Body): Body {
    this.#merge(this.#any(), this.#any())
    const replica = this.#any()
    const key = keyOf(body)
    const { answer, write } = keyValueStep(body, replica.rows.get(key))
    if (write !== undefined) replica.rows.set(key, { value: write.value, time: ++replica.clock })
    return answer
  }

  #any(): Replica {
    return this.#replicas[this.#random.integer(0, REPLICAS - 1)]!
  }

  #merge(from: Replica, into: Replica): void {
    into.clock = Math.max(into.clock, from.clock)
    for (const [key, row] of from.rows) {
      const own = into.rows.get(key)
      if (own === undefined || isLater(row, own)) into.rows.set(key, row)
    }
  }
}

interface Replica {
  /** A Lamport clock. */
  clock: number
  readonly rows: Map<string, Row>
}

interface Row {
  readonly value: unknown
  readonly time: number
}

/** Of two at the same time the same one wins everywhere. */
function isLater(left: Row, right: Row): boolean {
  return (
    left.time > right.time ||
    (left.time === right.time && structuralKey(left.value) > structuralKey(right.value))
  )
}
