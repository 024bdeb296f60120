import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MessageWriter, PREFIX_BYTES } from '../wire/message-writer.ts'
import { FrameSplitter } from './frame-splitter.ts'

test('messages come out whole and in order, however they are cut on the way', () => {
  const content = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(
      fc.array(content),
      fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }),
      (contents, cuts) => {
        const frames = contents.map((bytes) => new MessageWriter(0).bytes(1, bytes).finish())
        const splitter = new FrameSplitter()
        const found: Buffer[] = []
        let rest: Buffer = Buffer.concat(frames)
        for (let i = 0; rest.length > 0; i++) {
          const size = cuts[i % cuts.length]!
          found.push(...splitter.push(rest.subarray(0, size)))
          rest = rest.subarray(size)
        }
        expect(found).toEqual(frames.map((frame) => frame.subarray(PREFIX_BYTES)))
      },
    ),
  )
})
