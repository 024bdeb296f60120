import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksum } from '../../foundation/checksum.ts'
import { DureError } from '../../foundation/errors.ts'
import { decodeChunk, encodeChunk } from './chunk-codec.ts'

const rows = fc.array(
  fc.record({ key: fc.uint8Array({ minLength: 1, maxLength: 20 }), value: fc.uint8Array({ maxLength: 50 }) }),
  {
    maxLength: 20,
  },
)

test('a chunk gives back the rows it was made of', () => {
  fc.assert(
    fc.property(rows, (some) => {
      expect(decodeChunk(encodeChunk(some))).toEqual(some)
    }),
  )
})

test('any changed or missing byte is told', () => {
  fc.assert(
    fc.property(rows, fc.nat(), fc.integer({ min: 1, max: 255 }), (some, place, change) => {
      const bytes = encodeChunk(some)
      expect(() => decodeChunk(bytes.slice(0, place % bytes.length))).toThrow(DureError)
      bytes[place % bytes.length]! ^= change
      expect(() => decodeChunk(bytes)).toThrow(DureError)
    }),
  )
})

test('lengths that make no sense are refused, even under a right checksum', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 60 }), (rest) => {
      const bytes = new Uint8Array(4 + rest.length)
      bytes.set(rest, 4)
      new DataView(bytes.buffer).setUint32(0, checksum(rest))
      try {
        decodeChunk(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(DureError)
      }
    }),
  )
})
