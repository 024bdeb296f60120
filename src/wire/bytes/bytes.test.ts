import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyBytes, anyNumber, anyText } from '../testing/command-arbitraries.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter, varintSizeBytes } from './byte-writer.ts'

const read = (bytes: readonly number[]) => new ByteReader(Uint8Array.from(bytes), 'test')

describe('numbers', () => {
  it('come back as they were and take the size they say', () => {
    fc.assert(
      fc.property(anyNumber, (number) => {
        const writer = new ByteWriter(1)
        writer.varint(number)
        const bytes = writer.take()
        expect(bytes.length).toBe(varintSizeBytes(number))
        const reader = new ByteReader(bytes, 'test')
        expect(reader.varint()).toBe(number)
        reader.expectEnd()
      }),
      { numRuns: 500 },
    )
  })

  it('are refused when they are larger than 2^53 - 1', () => {
    expect(read([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]).varint()).toBe(2 ** 53 - 1)
    expect(() => read([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]).varint()).toThrow(/2\^53 - 1/)
    expect(() => read([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).varint()).toThrow(/2\^53 - 1/)
  })

  it('are refused when they are not in their shortest form', () => {
    expect(() => read([0x81, 0x00]).varint()).toThrow(/shortest/)
  })

  it('are not written when they are not whole or out of range', () => {
    for (const number of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new ByteWriter(8).varint(number)).toThrow(/whole/)
    }
  })
})

describe('byte strings', () => {
  it('come back whether they were copied or only remembered until the end', () => {
    fc.assert(
      fc.property(
        fc.array(anyBytes, { maxLength: 8 }),
        fc.constantFrom(1, 30, 5_000, 10_000),
        (strings, from) => {
          const writer = new ByteWriter(16, from)
          for (let round = 0; round < 2; round++) {
            for (const string of strings) writer.bytes(string)
            const size = writer.sizeBytes
            const message = writer.take()
            expect(message.length).toBe(size)
            const reader = new ByteReader(message, 'test')
            for (const string of strings) expect(reader.bytes()).toEqual(string)
            reader.expectEnd()
          }
        },
      ),
    )
  })

  it('are views of the message', () => {
    const message = Uint8Array.of(2, 7, 8)
    const bytes = new ByteReader(message, 'test').bytes()
    message[1] = 9
    expect([...bytes]).toEqual([9, 8])
  })

  it('longer than what is there are refused with both lengths and the place', () => {
    expect(() => read([5, 1, 2]).bytes()).toThrow(
      'malformed test: expected 5 bytes, found 2 at offset 0 of 3 bytes',
    )
  })
})

describe('a message that was taken', () => {
  it('is not changed by what is written next', () => {
    const writer = new ByteWriter(64, 20)
    writer.bytes(Uint8Array.of(1, 2, 3))
    const first = writer.take()
    writer.bytes(new Uint8Array(20).fill(4))
    const second = writer.take()
    writer.bytes(new Uint8Array(10).fill(5))
    writer.take()
    expect([...first]).toEqual([3, 1, 2, 3])
    expect([...second]).toEqual([20, ...new Array(20).fill(4)])
  })
})

describe('text', () => {
  it('comes back, also beyond ASCII and with a byte order mark', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const writer = new ByteWriter(4)
        writer.text(text)
        expect(new ByteReader(writer.take(), 'test').text()).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  it('that is not UTF-8 is refused', () => {
    expect(() => read([2, 0xc3, 0x28]).text()).toThrow(/UTF-8/)
  })
})

it('refuses a count that what is there cannot hold', () => {
  expect(() => read([200, 1, 0, 0]).count(2)).toThrow('expected 200 items of 2 bytes or more, found 2 bytes')
})
