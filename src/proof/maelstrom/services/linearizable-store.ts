import type { Body } from '../protocol/message.ts'
import { type Found, keyOf, keyValueStep } from './key-value-request.ts'
import type { Service } from './service.ts'

/** `lin-kv`: one copy, one request at a time. */
export class LinearizableStore implements Service {
  readonly #values = new Map<string, NonNullable<Found>>()

  handle(body: Body): Body {
    const key = keyOf(body)
    const { answer, write } = keyValueStep(body, this.#values.get(key))
    if (write !== undefined) this.#values.set(key, write)
    return answer
  }
}
