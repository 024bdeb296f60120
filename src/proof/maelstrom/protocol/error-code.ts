/** An error of the protocol, as a body of `{"type": "error", "code": 11, "text": "…"}` names it. */
export interface ProtocolError {
  readonly code: number
  readonly name: string
  /** True: what was asked did not happen and will not. Else it may have, or may yet. */
  readonly isDefinite: boolean
  readonly meaning: string
}

/**
 * The codes of the protocol. From 1000 on a program may have its own; those, and what stands in no table, are indefinite.
 *
 * ```ts
 * errorOf(22) // { code: 22, name: 'precondition-failed', isDefinite: true, … }
 * ```
 */
export const protocolErrors: readonly ProtocolError[] = [
  error(0, 'timeout', false, 'no answer in time'),
  error(1, 'node-not-found', true, 'the message was for a node that does not exist'),
  error(10, 'not-supported', true, 'the program does not know this request'),
  error(11, 'temporarily-unavailable', true, 'it cannot be done now, and was not done'),
  error(12, 'malformed-request', true, 'the request makes no sense, and was not done'),
  error(13, 'crash', false, 'something went wrong; whether it was done is not known'),
  error(14, 'abort', true, 'something went wrong, and it was certainly not done'),
  error(20, 'key-does-not-exist', true, 'there is no such key'),
  error(21, 'key-already-exists', true, 'the key to be created is there already'),
  error(22, 'precondition-failed', true, 'the value is not the one that was expected'),
  error(30, 'txn-conflict', true, 'the transaction was given up because of another one'),
]

export function errorOf(code: unknown): ProtocolError {
  const known = protocolErrors.find((each) => each.code === code)
  if (known !== undefined) return known
  return error(typeof code === 'number' ? code : -1, `code-${String(code)}`, false, "the program's own")
}

function error(code: number, name: string, isDefinite: boolean, meaning: string): ProtocolError {
  return { code, name, isDefinite, meaning }
}
