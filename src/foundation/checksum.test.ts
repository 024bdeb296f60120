import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksum } from './checksum.ts'

test('short and long bytes have the checksum that gzip gives them, with and without a seed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 2 ** 32 - 1 }), (bytes, seed) => {
      expect(checksum(bytes, seed)).toBe(crc32(bytes, seed))
      expect(checksum(bytes)).toBe(crc32(bytes))
    }),
  )
})

test('a seed continues a checksum', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat({ max: 100 }), (bytes, cut) => {
      expect(checksum(bytes.subarray(cut), checksum(bytes.subarray(0, cut)))).toBe(checksum(bytes))
    }),
  )
})
