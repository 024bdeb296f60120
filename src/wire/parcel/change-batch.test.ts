import { describe, expect, it } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { logIndex } from '../../foundation/ids.ts'
import type { Version } from '../../ports/key-value/version.ts'
import { ChangeBatch, decodeChangeBatch } from './change-batch.ts'
import type { WireChange } from './parcel.ts'

describe('a batch of changes', () => {
  const change = (version: number, ordinal: number): WireChange => ({
    key: utf8('k'),
    value: utf8('v'),
    version: version as Version,
    ordinal,
  })
  const encoded = (changes: WireChange[], upTo: number) =>
    new ChangeBatch(changes, { index: logIndex(upTo), ordinal: 0 }).encoded

  it('is encoded once, however many watchers it is for', () => {
    const batch = new ChangeBatch([change(1, 1)], { index: logIndex(2), ordinal: 0 })
    expect(batch.encoded).toBe(batch.encoded)
  })

  it.each([
    ['comes twice', encoded([change(4, 1), change(4, 1)], 9)],
    ['goes back', encoded([change(4, 2), change(4, 1)], 9)],
    ['goes back by an entry', encoded([change(5, 1), change(4, 1)], 9)],
    ['lies beyond the end', encoded([change(9, 1)], 9)],
    ['has no number', encoded([change(4, 0)], 9)],
  ])('is refused when a change %s', (_what, bytes) => {
    expect(() => decodeChangeBatch(bytes)).toThrow('malformed batch of changes: expected a change after')
  })
})
