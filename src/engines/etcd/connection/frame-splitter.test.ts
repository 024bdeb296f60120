import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameSplitter } from './frame-splitter.ts'

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, 5)
  return frame
}

/** The bytes in pieces of these lengths, over and over. */
function pieces(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const found: Buffer[] = []
  for (let offset = 0, i = 0; offset < bytes.length; offset += lengths[i++ % lengths.length]!)
    found.push(bytes.subarray(offset, offset + lengths[i % lengths.length]!))
  return found
}

test('messages come out whole, however the stream is cut: in the middle of a prefix too', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
      (messages, lengths) => {
        const splitter = new FrameSplitter()
        const stream = Buffer.concat(messages.map(framed))
        const found = pieces(stream, lengths).flatMap((piece) => splitter.push(piece))
        expect(found.map((message) => [...message])).toEqual(messages.map((message) => [...message]))
      },
    ),
  )
})
