import { DureError } from '../../foundation/errors.ts'
import type { Guarantees } from './guarantees.ts'

/** What a keyspace may ask of an engine; what is left out is not asked. */
export type AskedGuarantees = Partial<Omit<Guarantees, 'engine'>>

/** From the weakest to the strongest. */
const levels = {
  read: ['eventual', 'strong'],
  durability: ['memory', 'synced', 'majority-synced'],
  commit: ['key', 'partition'],
  idempotentRetries: [false, true],
  watch: [false, true],
  leases: [false, true],
} as const satisfies { [Name in keyof AskedGuarantees]-?: readonly Guarantees[Name][] }

/**
 * Refuses what an engine cannot promise, `unsupported`, saying which level it can give. Stronger than asked is fine.
 *
 * ```ts
 * requireGuarantee(store.guarantees, { read: 'strong', durability: 'majority-synced' })
 * ```
 */
export function requireGuarantee(guarantees: Guarantees, asked: AskedGuarantees): void {
  for (const name of Object.keys(levels) as (keyof AskedGuarantees)[]) {
    const order: readonly unknown[] = levels[name]
    if (asked[name] === undefined || order.indexOf(guarantees[name]) >= order.indexOf(asked[name])) continue
    throw new DureError(
      'unsupported',
      `${name} "${asked[name]}" was asked of the engine "${guarantees.engine}", which can give "${guarantees[name]}" ` +
        'at most: ask for that, or choose another engine',
    )
  }
}
