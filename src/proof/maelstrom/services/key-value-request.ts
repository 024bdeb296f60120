import { structuralKey } from '../../verify/linearizability/search/structural-key.ts'
import type { Body } from '../protocol/message.ts'

/** `undefined` for a key that is not there. */
export type Found = { readonly value: unknown } | undefined

/** What a request does to the key that it names. */
export interface KeyValueStep {
  readonly answer: Body
  /** What the key holds from now on; left out where it stays as it is. */
  readonly write?: { readonly value: unknown }
}

export const keyOf = (body: Body): string => structuralKey(body.key)

/** A request of the key-value services, on what the key holds now: the whole of what they do. */
export function keyValueStep(body: Body, found: Found): KeyValueStep {
  switch (body.type as 'read' | 'write' | 'cas') {
    case 'read':
      return found === undefined ? missing(body) : { answer: { type: 'read_ok', value: found.value } }
    case 'write':
      return { answer: { type: 'write_ok' }, write: { value: body.value } }
    case 'cas': {
      if (found === undefined) {
        if (body.create_if_not_exists !== true) return missing(body)
      } else if (structuralKey(found.value) !== structuralKey(body.from)) {
        const text = `the value is ${JSON.stringify(found.value)}, and not ${JSON.stringify(body.from)}`
        return { answer: { type: 'error', code: 22, text } }
      }
      return { answer: { type: 'cas_ok' }, write: { value: body.to } }
    }
    default:
      return refuse(body, 'read, write and cas')
  }
}

export function refuse(body: Body, known: string): { readonly answer: Body } {
  const text = `${JSON.stringify(body.type)} is not known here: ${known}`
  return { answer: { type: 'error', code: 10, text } }
}

function missing(body: Body): KeyValueStep {
  return { answer: { type: 'error', code: 20, text: `there is no key ${JSON.stringify(body.key)}` } }
}
