/** What whoever runs seeds may choose; the seed draws the rest. */
export interface ScenarioOptions {
  readonly nodeCount: number
  readonly faultPhaseMs: number
  readonly operationsPerSecond: number
  /** Kinds of faults that are switched off, for seeing what finds a bug. */
  readonly without?: readonly FaultKind[]
  /** The name of a workload that takes the place of the usual load, and of watches and leases beside it. */
  readonly workload?: string
}

/** What `without` may leave out. */
export const faultKinds = [
  'crash',
  'pause',
  'partition',
  'loss',
  'duplicate',
  'reorder',
  'disk',
  'clock',
  'transfer',
  'membership',
  'hang',
  'wipe',
  'rot',
  // No faults, and left out all the same to see what a bug needs.
  'watch',
  'lease',
] as const
export type FaultKind = (typeof faultKinds)[number]

export const scenarioDefaults: ScenarioOptions = {
  nodeCount: 5,
  faultPhaseMs: 60_000,
  operationsPerSecond: 100,
}
