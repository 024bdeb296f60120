import { prefixEnd, text, utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'

/**
 * Where a keyspace's keys live in the store below it: `keyspace 0x00 key`. A keyspace's name holds no zero byte, so no
 * keyspace is the prefix of another, and the keys of one stand together, in their own order.
 *
 * ```ts
 * encodeKey('accounts', 'alice') // bytes of "accounts\0alice"
 * ```
 *
 * Errors: `invalid` for a name that is not one, an empty key, or text with half a surrogate pair (it would be stored as
 * another key).
 */
export function encodeKey(keyspace: string, key: string): Uint8Array {
  if (key === '') throw new DureError('invalid', 'the key is empty: give it at least one character')
  return encodeBound(keyspace, key)
}

/** As `encodeKey`, for a bound of a range: the empty bound is the keyspace's first place. */
export function encodeBound(keyspace: string, bound: string): Uint8Array {
  checkKeyspace(keyspace)
  if (!bound.isWellFormed()) {
    throw new DureError(
      'invalid',
      `the key ${JSON.stringify(bound)} holds half a surrogate pair: use well-formed Unicode`,
    )
  }
  return utf8(`${keyspace}\0${bound}`)
}

/** The first place of a keyspace; `keyspaceEnd` is the first place after it. */
export const keyspacePrefix = (keyspace: string): Uint8Array => encodeBound(keyspace, '')

export const keyspaceEnd = (keyspace: string): Uint8Array => prefixEnd(keyspacePrefix(keyspace))!

export interface KeyspaceKey {
  readonly keyspace: string
  readonly key: string
}

/**
 * The way back, for what `encodeKey` made. Bytes that are not UTF-8 (something else wrote them) come back as U+FFFD.
 *
 * Errors: `corrupt` for a key that lies in no keyspace.
 */
export function decodeKey(stored: Uint8Array): KeyspaceKey {
  const end = stored.indexOf(0)
  const keyspace = text(stored.subarray(0, Math.max(end, 0)))
  if (NAME.test(keyspace)) return { keyspace, key: text(stored.subarray(end + 1)) }
  throw new DureError(
    'corrupt',
    `the stored key ${JSON.stringify(text(stored))} lies in no keyspace: no keyspace wrote it`,
  )
}

export function checkKeyspace(name: string): void {
  if (NAME.test(name)) return
  throw new DureError(
    'invalid',
    `the keyspace is called ${JSON.stringify(name)}: begin with a letter from a to z, go on with letters, digits and "-", at most ${NAME_CHARACTERS_MAX} characters`,
  )
}

const NAME_CHARACTERS_MAX = 63
const NAME = /^[a-z][a-z0-9-]{0,62}$/
