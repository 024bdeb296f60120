import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes, utf8 } from '../../foundation/bytes.ts'
import { decodeKey, encodeKey, keyspaceEnd, keyspacePrefix } from './key-codec.ts'

const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/)
const keys = fc.string({ unit: 'grapheme', minLength: 1 }).filter((key) => key.isWellFormed())

test('a key comes back as it went in', () => {
  fc.assert(
    fc.property(names, keys, (keyspace, key) => {
      expect(decodeKey(encodeKey(keyspace, key))).toEqual({ keyspace, key })
    }),
  )
})

test('the keys of a keyspace stand together: none of another lies between', () => {
  fc.assert(
    fc.property(names, names, keys, (keyspace, other, key) => {
      const stored = encodeKey(other, key)
      const inside =
        compareBytes(keyspacePrefix(keyspace), stored) <= 0 && compareBytes(stored, keyspaceEnd(keyspace)) < 0
      expect(inside).toBe(keyspace === other)
    }),
  )
})

test.for(['', 'Accounts', '1st', 'a b', 'a\0b', 'a/b', 'x'.repeat(64)])(
  '%j is no name of a keyspace',
  (name) => {
    expect(() => encodeKey(name, 'key')).toThrow(/the keyspace is called/)
  },
)

test('a key that would be stored as another is refused', () => {
  expect(() => encodeKey('default', '\ud800')).toThrow(/half a surrogate pair/)
  expect(() => encodeKey('default', '')).toThrow(/the key is empty/)
})

test('what no keyspace wrote is told apart', () => {
  for (const stored of ['', 'no zero byte', '\0key', 'Upper\0key', `${'x'.repeat(64)}\0key`]) {
    expect(() => decodeKey(utf8(stored))).toThrow(/lies in no keyspace/)
  }
})
