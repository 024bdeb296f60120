import { describe, expect, it } from 'vitest'
import type { Guarantees } from './guarantees.ts'
import { requireGuarantee } from './require-guarantee.ts'

const weak: Guarantees = {
  engine: 'redis',
  read: 'eventual',
  durability: 'synced',
  idempotentRetries: false,
  commit: 'key',
  watch: false,
  leases: false,
}

describe('an engine', () => {
  it('may give what was asked, or more', () => {
    requireGuarantee(weak, {})
    requireGuarantee(weak, {
      read: 'eventual',
      durability: 'memory',
      idempotentRetries: false,
      commit: 'key',
    })
  })

  it.each([
    [{ read: 'strong' }, 'read "strong" was asked of the engine "redis", which can give "eventual"'],
    [
      { durability: 'majority-synced' },
      'durability "majority-synced" was asked of the engine "redis", which can give "synced"',
    ],
    [
      { idempotentRetries: true },
      'idempotentRetries "true" was asked of the engine "redis", which can give "false"',
    ],
    [{ leases: true }, 'leases "true" was asked of the engine "redis", which can give "false"'],
    [{ commit: 'partition' }, 'commit "partition" was asked of the engine "redis", which can give "key"'],
  ] as const)('is refused for %o, with the level it can give', (asked, message) => {
    expect(() => requireGuarantee(weak, asked)).toThrow(message)
    expect(() => requireGuarantee(weak, asked)).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })
})
