import type { Body } from '../protocol/message.ts'
import { refuse } from './key-value-request.ts'
import type { Service } from './service.ts'

/** `lin-tso`: each `ts` is answered by a greater number than all before. */
export class TimestampOracle implements Service {
  #next = 0

  handle(body: Body): Body {
    return body.type === 'ts' ? { type: 'ts_ok', ts: this.#next++ } : refuse(body, 'ts').answer
  }
}
