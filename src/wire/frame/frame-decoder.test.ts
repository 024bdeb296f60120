import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import { HEADER_BYTES, PAYLOAD_BYTES_MAX, writeHeader } from './frame.ts'
import { StreamFrameDecoder } from './frame-decoder.ts'

function framed(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.length)
  writeHeader(frame, 0, payload)
  frame.set(payload, HEADER_BYTES)
  return frame
}

function openDecoder(): StreamFrameDecoder {
  const decoder = new StreamFrameDecoder(1024, PAYLOAD_BYTES_MAX)
  decoder.acceptMessages()
  return decoder
}

/** Cuts bytes at the given places. */
function chunksOf(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, i) => bytes.subarray(places[i]!, end))
}

function decode(chunks: readonly Uint8Array[]): { payloads: Uint8Array[]; error: DureError | undefined } {
  const decoder = openDecoder()
  const payloads: Uint8Array[] = []
  let error: DureError | undefined
  for (const chunk of chunks) {
    error = decoder.push(chunk, (payload) => payloads.push(payload) > 0)
    if (error !== undefined) break
  }
  return { payloads, error }
}

const payloads = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 })
const cuts = fc.array(fc.nat(), { maxLength: 12 })

describe('frames in a stream', () => {
  test('come out as they went in, wherever the stream is cut', () => {
    fc.assert(
      fc.property(payloads, cuts, (sent, places) => {
        const found = decode(chunksOf(concatBytes(sent.map(framed)), places))
        expect(found.error).toBeUndefined()
        expect(found.payloads.map((payload) => [...payload])).toEqual(sent.map((payload) => [...payload]))
      }),
    )
  })

  test('within one chunk are views of it, across chunks stand alone', () => {
    const stream = concatBytes([framed(new Uint8Array([1, 2, 3])), framed(new Uint8Array([4, 5, 6]))])
    const whole = decode([stream]).payloads
    expect(whole.map(({ buffer }) => buffer)).toEqual([stream.buffer, stream.buffer])
    const cut = decode([stream.subarray(0, 10), stream.subarray(10)]).payloads
    expect(cut[0]!.buffer).not.toBe(stream.buffer)
  })

  test('of the largest size pass, one byte more does not', () => {
    const largest = new Uint8Array(PAYLOAD_BYTES_MAX)
    const stream = framed(largest)
    expect(decode([stream.subarray(0, 100), stream.subarray(100)]).payloads[0]!.length).toBe(
      PAYLOAD_BYTES_MAX,
    )
    const header = new Uint8Array(HEADER_BYTES)
    writeHeader(header, 0, new Uint8Array(PAYLOAD_BYTES_MAX + 1))
    expect(decode([header]).error?.message).toContain(`${PAYLOAD_BYTES_MAX + 1} bytes follow`)
  })

  test('are small until the greeting is over', () => {
    const decoder = new StreamFrameDecoder(16, PAYLOAD_BYTES_MAX)
    expect(decoder.push(framed(new Uint8Array(17)), () => true)?.message).toContain('at most 16')
    const other = new StreamFrameDecoder(16, PAYLOAD_BYTES_MAX)
    const seen: number[] = []
    const stream = concatBytes([framed(new Uint8Array(16)), framed(new Uint8Array(17))])
    const error = other.push(stream, (payload) => {
      other.acceptMessages()
      return seen.push(payload.length) > 0
    })
    expect(error).toBeUndefined()
    expect(seen).toEqual([16, 17])
  })

  test('are not looked at any more once the receiver says no', () => {
    let count = 0
    openDecoder().push(concatBytes([framed(new Uint8Array(1)), framed(new Uint8Array(1))]), () => {
      count++
      return false
    })
    expect(count).toBe(1)
  })
})

describe('a damaged stream', () => {
  test('never passes a payload that was not sent, and never throws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 5 }),
        cuts,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (sent, places, where, change) => {
          const stream = concatBytes(sent.map(framed))
          stream[where % stream.length]! ^= change
          const found = decode(chunksOf(stream, places))
          // The damaged frame and all behind it are missing; those before it are whole.
          expect(found.payloads.length).toBeLessThan(sent.length)
          for (const [i, payload] of found.payloads.entries()) expect([...payload]).toEqual([...sent[i]!])
          if (found.error !== undefined) expect(found.error.code).toBe('protocol')
        },
      ),
      { numRuns: 500 },
    )
  })

  test('of any bytes ends in an error or waits for more', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, places) => {
        const { payloads: found, error } = decode(chunksOf(bytes, places))
        expect(error === undefined || error instanceof DureError).toBe(true)
        expect(found).toEqual([])
      }),
    )
    expect(decode([new Uint8Array(64)]).error?.code).toBe('protocol')
  })

  test('stays closed', () => {
    const decoder = openDecoder()
    const first = decoder.push(new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0]), () => true)
    expect(first).toBeInstanceOf(DureError)
    expect(decoder.push(framed(new Uint8Array(3)), () => expect.fail('closed'))).toBe(first)
  })
})
