import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes, concatBytes, utf8 } from '../../foundation/bytes.ts'
import { type EtcdRange, Keys } from './keys.ts'

/** As etcd sees it: a single zero byte as the end means "to the end". */
const holds = ({ from, end }: EtcdRange, key: Uint8Array): boolean =>
  compareBytes(key, from) >= 0 && ((end.length === 1 && end[0] === 0) || compareBytes(key, end) < 0)

const key = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 3, max: 255 }),
  fc.uint8Array({ maxLength: 2 }).map((tail) => concatBytes([utf8('\0dure'), tail])),
  fc.uint8Array({ maxLength: 2 }).map((tail) => concatBytes([utf8('\0dure/'), tail])),
)
const bound = fc.oneof(key, fc.constant(new Uint8Array(0)))

describe.each(['', 'tenant/', '\0', '\uffff'])('behind the prefix %j', (prefix) => {
  const keys = new Keys(prefix)

  test('a range in etcd holds what the range of the caller holds, and nothing of the engine', () => {
    fc.assert(
      fc.property(bound, fc.option(bound, { nil: undefined }), key, (from, to, one) => {
        const asked = compareBytes(one, from) >= 0 && (to === undefined || compareBytes(one, to) < 0)
        const outer = concatBytes([utf8(prefix), one])
        const whole = keys.outerRange(from, to)
        expect(whole !== undefined && holds(whole, outer)).toBe(asked)
        const parts = whole === undefined ? [] : keys.withoutReserved(whole)
        const found = parts.filter((part) => holds(part, outer)).length
        expect(found).toBe(asked && !keys.isReserved(outer) ? 1 : 0)
        for (const own of [keys.history, keys.slot('s', 1), keys.once('k'), keys.lease('l')]) {
          expect(keys.isReserved(own)).toBe(true)
          for (const part of parts) expect(holds(part, own)).toBe(false)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('a key comes back as it was, and those of the engine are refused', () => {
    fc.assert(
      fc.property(key, (one) => {
        const outer = concatBytes([utf8(prefix), one])
        if (keys.isReserved(outer)) expect(() => keys.outer(one)).toThrow('use another name')
        else expect(keys.inner(keys.outer(one))).toEqual(new Uint8Array(one))
      }),
    )
  })
})
