/**
 * Coverage marks: a rare path that matters carries one, the simulator counts them and fails when one was never reached,
 * and the one test that is about the path asserts it. So a path that stops being exercised is noticed (the idea is
 * that of coverage probes in FoundationDB and marks in TigerBeetle).
 *
 * The counters are process-wide on purpose: they observe and never change what the code does.
 */
export const markNames = [
  'client/grant-kept-before-use',
  'client/lease-lost-in-doubt',
  'client/session-reopened',
  'client/unknown-settled-by-retry',
  'client/watch-batch-overtaken',
  'client/watch-resumed',
  'node/forwarded',
  'node/log-time-proposed',
  'node/proposals-left-open',
  'node/read-waited-for-apply',
  'node/restored-with-log-tail',
  'node/restored-with-reset-log',
  'node/snapshot-installed',
  'node/snapshot-sent',
  'node/watch-ahead',
  'node/watch-compacted',
  'node/watch-leaderless',
  'node/watch-window-closed',
  'node/write-outcome-unknown',
  'raft/append-conflict-truncated',
  'raft/check-quorum-step-down',
  'raft/elected-in-joint-membership',
  'raft/hung-disk-step-down',
  'raft/joint-left-automatically',
  'raft/membership-change-held-back',
  'raft/overwritten-persist-not-acknowledged',
  'raft/pre-vote-rejected-higher-term',
  'raft/read-round-shared',
  'raft/read-waited-for-own-term',
  'raft/snapshot-overtaken',
  'raft/snapshot-resumed',
  'raft/stale-append-ignored',
  'raft/transfer-aborted',
  'raft/vote-of-old-term-ignored',
  'state-machine/comparison-failed',
  'state-machine/expiry-left-over',
  'state-machine/feed-compacted',
  'state-machine/feed-read-from-the-log',
  'state-machine/feed-restored',
  'state-machine/feed-spilled',
  'state-machine/key-expired',
  'state-machine/lease-expired',
  'state-machine/lease-gone',
  'state-machine/retry-answered',
  'storage/damage-refused',
  'storage/segment-rewritten',
  'storage/torn-tail-cut',
] as const

/** Paths that fewer than one seed in five reaches: only many seeds together must have been on them. */
export const rareMarks: ReadonlySet<string> = new Set([
  'node/restored-with-reset-log',
  'raft/snapshot-overtaken',
  'raft/vote-of-old-term-ignored',
  'storage/damage-refused',
  'storage/torn-tail-cut',
] satisfies (typeof markNames)[number][])

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
