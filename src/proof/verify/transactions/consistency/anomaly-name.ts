import type { ConsistencyModel } from './consistency-model.ts'

/**
 * Anomalies of transactions. Those of cycles are Adya's, as Elle refines them, and Cerone's for the models between read
 * atomic and snapshot isolation. With `-process` the cycle needs the order of one client's own transactions, with
 * `-realtime` that one returned before the other was called.
 */
export type AnomalyName = DirectAnomaly | CycleAnomaly

/** Seen at one key or one transaction, without a cycle. */
export type DirectAnomaly = keyof typeof directAnomalies

export type CycleAnomaly = keyof typeof cycleAnomalies

/** Anomaly → the weakest models that it rules out; it rules out all above them too. */
const directAnomalies = {
  /** A transaction contradicts itself: its read is not what it read or wrote before (Cerone's INT). */
  internal: ['read-atomic'],
  /** Two reads of a register by one transaction, neither after its own write, that found different values. */
  'non-repeatable-read': ['read-atomic', 'consistent-view', 'repeatable-read'],
  /** A read of a value whose transaction aborted. */
  G1a: ['read-committed'],
  /** A read of a value that its transaction replaced later. */
  G1b: ['read-committed'],
  /** A transaction built on an aborted one: its write came upon a value that never was. */
  'dirty-update': ['read-committed'],
  /** Two transactions read the same version and both replaced it. */
  'lost-update': ['cursor-stability', 'update-atomic'],
  /** One element is there twice, though it was appended once. */
  'duplicate-elements': ['read-uncommitted'],
  /** Two reads of one list, neither a beginning of the other: no one list had both. */
  'incompatible-order': ['read-committed'],
  /** A transaction read what it wrote only later. */
  'future-read': ['read-committed', 'read-atomic'],
  /** A read of a value that nobody ever tried to write. */
  'garbage-read': ['read-uncommitted'],
  /**
   * The versions of one key come before themselves. That is inferred from reads and from what was said of the keys, so
   * that, other than in Elle, it says nothing of read uncommitted.
   */
  'cyclic-versions': ['read-committed'],
} as const satisfies Record<string, readonly ConsistencyModel[]>

const cycleAnomalies = {
  G0: ['read-uncommitted'],
  G1c: ['read-committed'],
  'fractured-read': ['read-atomic', 'consistent-view', 'repeatable-read'],
  'causality-violation': ['causal-cerone', 'consistent-view', 'repeatable-read'],
  'G-single-item': ['consistent-view', 'repeatable-read'],
  'G-single': ['consistent-view'],
  'long-fork': ['prefix', 'repeatable-read'],
  'G-nonadjacent-item': ['snapshot-isolation', 'repeatable-read'],
  'G-nonadjacent': ['snapshot-isolation'],
  'G2-item': ['repeatable-read'],
  G2: ['serializable'],

  'G0-process': ['strong-session-read-uncommitted'],
  'G1c-process': ['strong-session-read-committed'],
  'fractured-read-process': [
    'strong-session-read-atomic',
    'strong-session-consistent-view',
    'strong-session-repeatable-read',
  ],
  'causality-violation-process': [
    'causal',
    'strong-session-consistent-view',
    'strong-session-repeatable-read',
  ],
  'G-single-item-process': ['strong-session-consistent-view', 'strong-session-repeatable-read'],
  'G-single-process': ['strong-session-consistent-view'],
  'long-fork-process': ['strong-session-prefix', 'strong-session-repeatable-read'],
  'G-nonadjacent-item-process': ['strong-session-snapshot-isolation', 'strong-session-repeatable-read'],
  'G-nonadjacent-process': ['strong-session-snapshot-isolation'],
  'G2-item-process': ['strong-session-repeatable-read'],
  'G2-process': ['strong-session-serializable'],

  'G0-realtime': ['strong-read-uncommitted'],
  'G1c-realtime': ['strong-read-committed'],
  'G-single-item-realtime': ['strong-snapshot-isolation', 'strong-repeatable-read'],
  'G-single-realtime': ['strong-snapshot-isolation'],
  'G-nonadjacent-item-realtime': ['strong-snapshot-isolation', 'strong-repeatable-read'],
  'G-nonadjacent-realtime': ['strong-snapshot-isolation'],
  'G2-item-realtime': ['strong-repeatable-read'],
  'G2-realtime': ['strict-serializable'],
} as const satisfies Record<string, readonly ConsistencyModel[]>

/** The weakest models that a history with this anomaly cannot come from. */
export function modelsRuledOutBy(anomaly: AnomalyName): readonly ConsistencyModel[] {
  return anomaly in directAnomalies
    ? directAnomalies[anomaly as DirectAnomaly]
    : cycleAnomalies[anomaly as CycleAnomaly]
}
