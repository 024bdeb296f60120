import { logIndex } from '../../foundation/ids.ts'
import type { Core } from './core.ts'
import type { Tracker } from './tracker/tracker.ts'

/** To everyone. Carries the commit index as far as each is known to match, and the newest read to confirm. */
export function sendHeartbeats(core: Core, tracker: Tracker, readContext: number): void {
  for (const progress of tracker.peers) {
    core.send({
      type: 'heartbeat',
      from: core.id,
      to: progress.id,
      term: core.term,
      commitIndex: logIndex(Math.min(progress.match, core.commitIndex)),
      readContext,
    })
  }
}
