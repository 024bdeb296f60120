/**
 * Coverage marks: a rare path that matters carries one, the simulator counts them and fails when one was never reached,
 * and the one test that is about the path asserts it. So a path that stops being exercised is noticed (the idea is
 * that of coverage probes in FoundationDB and marks in TigerBeetle).
 *
 * The counters are process-wide on purpose: they observe and never change what the code does.
 */
export const markNames = [
  'client/session-reopened',
  'client/unknown-settled-by-retry',
  'node/forwarded',
  'node/overwritten-proposal',
  'node/read-waited-for-apply',
  'node/restored-with-log-tail',
  'node/restored-with-reset-log',
  'node/snapshot-installed',
  'node/snapshot-sent',
  'node/write-outcome-unknown',
  'state-machine/comparison-failed',
  'state-machine/retry-answered',
] as const

export type MarkName = (typeof markNames)[number]

const counts = new Map<MarkName, number>()

/** Counts one passage of a marked path. */
export function mark(name: MarkName): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** How often each marked path was passed in this process, in the order of their names. */
export function markCounts(): ReadonlyMap<MarkName, number> {
  return new Map(markNames.map((name) => [name, counts.get(name) ?? 0]))
}
