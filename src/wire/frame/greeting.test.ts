import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type { Greeting } from '../../runtime/node/framing.ts'
import { CLUSTER_ID_BYTES_MAX, decodeGreeting, encodeGreeting, GREETING_BYTES_MAX } from './greeting.ts'

const u16 = fc.nat(0xffff)
const clusterId = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .filter((id) => utf8(id).length <= CLUSTER_ID_BYTES_MAX && id.isWellFormed())
const hello = fc
  .record({
    kind: fc.constant('hello' as const),
    versionMin: u16,
    versionMax: u16,
    clusterId,
    nodeId: u16,
    expectedNodeId: u16,
  })
  .map((found) => ({ ...found, versionMax: Math.max(found.versionMin, found.versionMax) }))
const refusal = fc.record({
  kind: fc.constant('refusal' as const),
  reason: fc.constantFrom(
    'wrong-cluster' as const,
    'wrong-node' as const,
    'version' as const,
    'malformed' as const,
    'removed' as const,
  ),
  message: fc.string({ maxLength: 100 }),
})
const greeting: fc.Arbitrary<Greeting> = fc.oneof(hello, refusal)

describe('a greeting', () => {
  test('is read as it was written, and is small', () => {
    fc.assert(
      fc.property(greeting, (sent) => {
        const bytes = encodeGreeting(sent)
        expect(bytes.length).toBeLessThanOrEqual(GREETING_BYTES_MAX)
        expect(decodeGreeting(bytes)).toEqual(sent)
      }),
    )
  })

  test('may be longer in a later version', () => {
    fc.assert(
      fc.property(greeting, fc.uint8Array({ maxLength: 20 }), (sent, more) => {
        expect(decodeGreeting(Buffer.concat([encodeGreeting(sent), more]))).toEqual(sent)
      }),
    )
  })

  test('with a long cluster id is refused before it is sent', () => {
    const long = { kind: 'hello', versionMin: 1, versionMax: 1, nodeId: 1, expectedNodeId: 2 } as const
    expect(() => encodeGreeting({ ...long, clusterId: 'x'.repeat(65) })).toThrow(/at most 64/)
  })

  test('of any bytes, or cut anywhere, is an error and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodeGreeting(bytes)).toBeInstanceOf(DureError)
      }),
    )
    fc.assert(
      fc.property(greeting, fc.nat(), (sent, cut) => {
        const bytes = encodeGreeting(sent)
        expect(decodeGreeting(bytes.subarray(0, cut % bytes.length))).toBeInstanceOf(DureError)
      }),
    )
  })

  test('with any byte changed is a greeting or an error', () => {
    fc.assert(
      fc.property(greeting, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, where, change) => {
        const bytes = encodeGreeting(sent)
        bytes[where % bytes.length]! ^= change
        const found = decodeGreeting(bytes)
        expect(found instanceof DureError || found.kind === 'hello' || found.kind === 'refusal').toBe(true)
      }),
    )
  })
})
