import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes, concatBytes, equalBytes, prefixEnd } from './bytes.ts'

const short = fc.uint8Array({ max: 255, maxLength: 4 })

test('bytes order like memcmp', () => {
  fc.assert(
    fc.property(short, short, (left, right) => {
      expect(Math.sign(compareBytes(left, right))).toBe(Math.sign(Buffer.compare(left, right)))
      expect(equalBytes(left, right)).toBe(Buffer.compare(left, right) === 0)
    }),
  )
})

test('the end of a prefix is the first key behind all that begin with it', () => {
  fc.assert(
    fc.property(short, short, (prefix, key) => {
      const end = prefixEnd(prefix)
      const begins = equalBytes(key.subarray(0, prefix.length), prefix)
      const inside = compareBytes(key, prefix) >= 0 && (end === undefined || compareBytes(key, end) < 0)
      expect(inside).toBe(begins)
    }),
  )
})

test('nothing comes after the keys that begin with the largest bytes', () => {
  expect(prefixEnd(new Uint8Array([255, 255]))).toBeUndefined()
  expect(prefixEnd(new Uint8Array([1, 255]))).toEqual(new Uint8Array([2]))
})

test('joined bytes are the parts in order', () => {
  fc.assert(
    fc.property(fc.array(short), (parts) => {
      expect(concatBytes(parts)).toEqual(new Uint8Array(Buffer.concat(parts)))
    }),
  )
})
