import { DureError } from '../../../foundation/errors.ts'
import { didYouMean } from '../catalogue/suggest.ts'
import type { ConsistencyModel } from '../transactions/consistency/consistency-model.ts'

/** The levels that are checked here, from the weakest to the strongest: each allows less than the one before. */
export const isolationLevels = [
  'read-committed',
  'read-atomic',
  'causal',
  'prefix',
  'snapshot-isolation',
  'serializable',
] as const

/**
 * A level as Biswas and Enea define it: with the order of each session kept, always. So `serializable` here is what the
 * lattice of consistency models calls `strong-session-serializable`.
 */
export type IsolationLevel = (typeof isolationLevels)[number]

const models = {
  'read-committed': 'strong-session-read-committed',
  'read-atomic': 'strong-session-read-atomic',
  causal: 'causal',
  prefix: 'strong-session-prefix',
  'snapshot-isolation': 'strong-session-snapshot-isolation',
  serializable: 'strong-session-serializable',
} as const satisfies Record<IsolationLevel, ConsistencyModel>

/** The level's place in the lattice of consistency models. */
export function consistencyModelOf(level: IsolationLevel): ConsistencyModel {
  return models[level]
}

/** With sessions said: elsewhere the same words ask nothing of their order. Causality has it in its own definition. */
const titles: Record<IsolationLevel, string> = {
  'read-committed': 'read committed (each session in its order)',
  'read-atomic': 'read atomic (each session in its order)',
  causal: 'causally consistent',
  prefix: 'prefix consistent (each session in its order)',
  'snapshot-isolation': 'snapshot isolated (each session in its order)',
  serializable: 'serializable (each session in its order)',
}

/** `serializable (each session in its order)`, as a history is. */
export function levelTitle(level: IsolationLevel): string {
  return titles[level]
}

/**
 * The level of that name, or of its name in the lattice.
 *
 * ```ts
 * parseIsolationLevel('strong-session-serializable') // 'serializable'
 * ```
 */
export function parseIsolationLevel(name: string): IsolationLevel {
  const wanted = name.toLowerCase()
  for (const level of isolationLevels) {
    if (level === wanted || models[level] === wanted) return level
  }
  throw new DureError(
    'invalid',
    `no isolation level is called ${JSON.stringify(name)}${didYouMean(wanted, [...isolationLevels, ...Object.values(models)])}; histories whose reads are known to come from writes are checked for: ${isolationLevels.join(', ')}`,
  )
}
