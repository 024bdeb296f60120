import type { z } from 'zod'
import type { Message } from '../protocol/message.ts'

/** A request of a client and the form of its answer. */
export interface Rpc<Reply> {
  readonly type: string
  /** Of the body that answers, for a person: `{"type": "read_ok", "value": …}`. */
  readonly expected: string
  readonly reply: z.ZodType<Reply>
}

/** The node refused, or nothing came in time. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: string
  readonly isDefinite: boolean

  constructor(code: string, isDefinite: boolean, text: string) {
    super(text)
    this.code = code
    this.isDefinite = isDefinite
  }
}

/** The node answered with something that is no answer to what was asked. */
export class MalformedReply extends Error {
  override readonly name = 'MalformedReply'
  readonly node: string
  /** What was asked and answered, and what was expected. */
  readonly details: string

  constructor(rpc: Rpc<unknown>, request: Message, reply: unknown, because: string) {
    super(`${request.dest} gave an answer that cannot be taken: ${because}.`)
    this.details =
      `  asked      ${JSON.stringify(request.body)}\n  answered   ${JSON.stringify(reply)}\n` +
      `  expected   ${rpc.expected}`
    this.node = request.dest
  }
}
