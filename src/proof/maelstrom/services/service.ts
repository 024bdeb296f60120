import type { Body } from '../protocol/message.ts'

/** A node that the network itself offers, for programs to build on. */
export interface Service {
  /** The body of the answer, without `in_reply_to`. */
  handle(body: Body, src: string): Body
}
