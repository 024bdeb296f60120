import { DureError } from '../../../../foundation/errors.ts'
import { didYouMean } from '../../catalogue/suggest.ts'

/**
 * The names of consistency models, as Adya, Elle and Jepsen use them.
 *
 * What counts as the order of things differs between sources. Here the plain names ask nothing of the order of one
 * client's transactions; `strong-session-*` also keep each client's own order, `strong-*` also real time. (Biswas and
 * Enea, and AWDIT, always keep a client's own order: their read committed is `strong-session-read-committed` here.
 * `causal` keeps it too, `causal-cerone` does not.)
 */
export type ConsistencyModel = keyof typeof definitions

/** Who is promised something: every transaction, those of one client, or single objects. */
export type ModelScope = 'transactions' | 'session' | 'real-time' | 'object'

interface Definition {
  readonly title: string
  readonly scope: ModelScope
  /** The models next below: a history that this one allows, each of them allows. */
  readonly implies: readonly string[]
  /** Other names in use. */
  readonly aliases?: readonly string[]
}

const definitions = {
  'read-uncommitted': {
    title: 'read uncommitted',
    scope: 'transactions',
    implies: [],
    aliases: ['PL-1'],
  },
  'read-committed': {
    title: 'read committed',
    scope: 'transactions',
    implies: ['read-uncommitted'],
    aliases: ['PL-2'],
  },
  'cursor-stability': {
    title: 'cursor stability',
    scope: 'transactions',
    implies: ['read-committed'],
    aliases: ['PL-CS'],
  },
  'monotonic-view': {
    title: 'monotonic view',
    scope: 'transactions',
    implies: ['read-committed'],
    aliases: ['PL-2L'],
  },
  // Of these two and monotonic view nothing is looked for beyond read committed.
  'monotonic-snapshot-read': {
    title: 'monotonic snapshot read',
    scope: 'transactions',
    implies: ['read-committed'],
    aliases: ['PL-MSR'],
  },
  'monotonic-atomic-view': {
    title: 'monotonic atomic view',
    scope: 'transactions',
    implies: ['read-committed'],
  },
  'read-atomic': {
    title: 'read atomic',
    scope: 'transactions',
    implies: ['monotonic-atomic-view'],
  },
  // Read atomic, and of two transactions that write a key one sees the other (Cerone, Bernardi and Gotsman 2015).
  'update-atomic': {
    title: 'update atomic',
    scope: 'transactions',
    implies: ['read-atomic'],
    aliases: ['ROLA'],
  },
  'causal-cerone': {
    title: 'causal consistency without sessions',
    scope: 'transactions',
    implies: ['read-atomic'],
  },
  prefix: {
    title: 'prefix consistency',
    scope: 'transactions',
    implies: ['causal-cerone'],
    aliases: ['prefix-consistency'],
  },
  'consistent-view': {
    title: 'consistent view',
    scope: 'transactions',
    implies: ['cursor-stability', 'monotonic-view'],
    aliases: ['PL-2+'],
  },
  // Nobody recorded when transactions began: what a history shows of it is consistent view (see DESIGN.md).
  'forward-consistent-view': {
    title: 'forward consistent view',
    scope: 'transactions',
    implies: ['consistent-view'],
    aliases: ['PL-FCV'],
  },
  'update-serializable': {
    title: 'update serializability',
    scope: 'transactions',
    implies: ['forward-consistent-view'],
    aliases: ['PL-3U'],
  },
  'repeatable-read': {
    title: 'repeatable read',
    scope: 'transactions',
    implies: ['cursor-stability', 'monotonic-atomic-view'],
    aliases: ['PL-2.99'],
  },
  'parallel-snapshot-isolation': {
    title: 'parallel snapshot isolation',
    scope: 'transactions',
    // With the acyclicity of writes and reads before one anti-dependency it is consistent view as well (Cerone, Gotsman
    // and Yang 2015, "Transaction Chopping for Parallel Snapshot Isolation").
    implies: ['causal-cerone', 'update-atomic', 'consistent-view'],
    aliases: ['PSI'],
  },
  'snapshot-isolation': {
    title: 'snapshot isolation',
    scope: 'transactions',
    implies: ['parallel-snapshot-isolation', 'prefix', 'forward-consistent-view', 'monotonic-snapshot-read'],
    aliases: ['PL-SI', 'SI', 'generalized-snapshot-isolation'],
  },
  serializable: {
    title: 'serializability',
    scope: 'transactions',
    implies: ['repeatable-read', 'snapshot-isolation', 'update-serializable'],
    aliases: ['PL-3', 'conflict-serializable'],
  },

  'strong-session-read-uncommitted': {
    title: 'strong session read uncommitted',
    scope: 'session',
    implies: ['read-uncommitted'],
    aliases: ['strong-session-PL-1'],
  },
  'strong-session-read-committed': {
    title: 'strong session read committed',
    scope: 'session',
    implies: ['read-committed', 'strong-session-read-uncommitted'],
    aliases: ['strong-session-PL-2'],
  },
  'strong-session-read-atomic': {
    title: 'strong session read atomic',
    scope: 'session',
    implies: ['read-atomic', 'strong-session-read-committed', 'read-your-writes'],
  },
  causal: {
    title: 'causal consistency',
    scope: 'session',
    // Not PRAM: what is seen later may stand before what was seen, in the one order in which all writes are applied, and no
    // order of one client's own is like that (Bouajjani and others 2017, "On Verifying Causal Consistency", section 3).
    implies: [
      'causal-cerone',
      'strong-session-read-atomic',
      'monotonic-reads',
      'monotonic-writes',
      'writes-follow-reads',
    ],
    aliases: ['causal-consistency', 'transactional-causal'],
  },
  'strong-session-prefix': {
    title: 'strong session prefix consistency',
    scope: 'session',
    implies: ['prefix', 'causal'],
  },
  'strong-session-consistent-view': {
    title: 'strong session consistent view',
    scope: 'session',
    implies: ['consistent-view', 'strong-session-read-committed'],
  },
  'strong-session-parallel-snapshot-isolation': {
    title: 'strong session parallel snapshot isolation',
    scope: 'session',
    // Of what is seen later, none conflicts with what was seen and stands before it: so it is PRAM as well.
    implies: ['parallel-snapshot-isolation', 'causal', 'strong-session-consistent-view', 'PRAM'],
  },
  'strong-session-repeatable-read': {
    title: 'strong session repeatable read',
    scope: 'session',
    implies: ['repeatable-read', 'strong-session-read-committed'],
  },
  'strong-session-snapshot-isolation': {
    title: 'strong session snapshot isolation',
    scope: 'session',
    implies: ['snapshot-isolation', 'strong-session-parallel-snapshot-isolation', 'strong-session-prefix'],
    aliases: ['prefix-consistent-snapshot-isolation'],
  },
  'strong-session-serializable': {
    title: 'strong session serializability',
    scope: 'session',
    implies: [
      'serializable',
      'strong-session-snapshot-isolation',
      'strong-session-repeatable-read',
      'sequential',
    ],
  },

  'strong-read-uncommitted': {
    title: 'strong read uncommitted',
    scope: 'real-time',
    implies: ['strong-session-read-uncommitted'],
    aliases: ['strong-PL-1'],
  },
  'strong-read-committed': {
    title: 'strong read committed',
    scope: 'real-time',
    implies: ['strong-session-read-committed', 'strong-read-uncommitted'],
    aliases: ['strong-PL-2'],
  },
  'strong-repeatable-read': {
    title: 'strong repeatable read',
    scope: 'real-time',
    implies: ['strong-session-repeatable-read', 'strong-read-committed'],
  },
  'strong-snapshot-isolation': {
    title: 'strong snapshot isolation',
    scope: 'real-time',
    implies: ['strong-session-snapshot-isolation', 'strong-read-committed'],
  },
  'strict-serializable': {
    title: 'strict serializability',
    scope: 'real-time',
    implies: [
      'strong-session-serializable',
      'strong-snapshot-isolation',
      'strong-repeatable-read',
      'linearizable',
    ],
    aliases: ['PL-SS', 'strong-serializable'],
  },

  // From here on transactions are what a client does step by step: the steps of others may come in between. Nothing is
  // asked of what aborted but that a step of it was done or not. Guarantees of sessions: Terry and others 1994.
  'monotonic-reads': { title: 'monotonic reads', scope: 'session', implies: [] },
  'monotonic-writes': { title: 'monotonic writes', scope: 'session', implies: [] },
  'read-your-writes': { title: 'read your writes', scope: 'session', implies: [] },
  'writes-follow-reads': { title: 'writes follow reads', scope: 'session', implies: [] },
  // Each client sees all writes in some order of its own that keeps to every client's: Lipton and Sandberg 1988.
  PRAM: {
    title: 'PRAM (pipelined random access memory)',
    scope: 'session',
    implies: ['monotonic-reads', 'monotonic-writes', 'read-your-writes'],
    aliases: ['pipelined-ram'],
  },
  // One order of the steps of all clients, of all objects together: Lamport 1979.
  sequential: {
    title: 'sequential consistency of single objects',
    scope: 'object',
    implies: ['PRAM', 'writes-follow-reads'],
    aliases: ['sequential-consistency'],
  },
  // The same in real time; a step may happen at any time of its transaction.
  linearizable: {
    title: 'linearizability of single objects',
    scope: 'object',
    implies: ['sequential'],
    aliases: ['linearizability'],
  },
} as const satisfies Record<string, Definition>

/** From the weakest to the strongest, so that a model comes after all that it implies. */
export const consistencyModels: readonly ConsistencyModel[] = weakestFirst()

/** `snapshot isolation` for `snapshot-isolation`. */
export function modelTitle(model: ConsistencyModel): string {
  return definitions[model].title
}

export function modelScope(model: ConsistencyModel): ModelScope {
  return definitions[model].scope
}

/**
 * Models that forbid more than is looked for: a history is found to violate them, never by itself to satisfy them, only
 * where a stronger one stands; and all that speak of single steps, which have checkers of their own.
 */
const refutedOnly: ReadonlySet<ConsistencyModel> = new Set([
  'cursor-stability',
  'monotonic-view',
  'monotonic-snapshot-read',
  'monotonic-atomic-view',
  'update-atomic',
  'update-serializable',
] as const)

/** Whether a history of transactions can be found to violate the model, and not by itself to satisfy it. */
export function isRefutedOnly(model: ConsistencyModel): boolean {
  return refutedOnly.has(model) || isOfSteps(model)
}

const ofSteps: ReadonlySet<ConsistencyModel> = new Set([
  'monotonic-reads',
  'monotonic-writes',
  'read-your-writes',
  'writes-follow-reads',
  'PRAM',
  'sequential',
  'linearizable',
] as const)

/** Whether the model speaks of single steps, and not of transactions as a whole. */
export function isOfSteps(model: ConsistencyModel): boolean {
  return ofSteps.has(model)
}

/** The models next below: what allows this model's histories too. */
export function impliedDirectly(model: ConsistencyModel): readonly ConsistencyModel[] {
  return definitions[model].implies
}

/**
 * The model of that name or alias; letters of either case.
 *
 * ```ts
 * parseConsistencyModel('PL-3') // 'serializable'
 * ```
 */
export function parseConsistencyModel(name: string): ConsistencyModel {
  const wanted = name.toLowerCase()
  for (const model of consistencyModels) {
    const { aliases = [] } = definitions[model] as Definition
    if ([model, ...aliases].some((each) => each.toLowerCase() === wanted)) return model
  }
  throw new DureError(
    'invalid',
    `no consistency model is called ${JSON.stringify(name)}${didYouMean(name, consistencyModels)}; the known ones: ${consistencyModels.join(', ')}`,
  )
}

function weakestFirst(): ConsistencyModel[] {
  const order = new Set<ConsistencyModel>()
  const place = (model: ConsistencyModel): void => {
    if (order.has(model)) return
    for (const weaker of definitions[model].implies) place(weaker)
    order.add(model)
  }
  for (const model of Object.keys(definitions) as ConsistencyModel[]) place(model)
  return [...order]
}
