import { assert } from '../../foundation/assert.ts'
import { logIndex } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { Core } from './core.ts'
import type { AppendRequest } from './message.ts'

/** A follower's half of replication (paper, 5.3): takes entries where the logs meet, and says where they might when not. */
export function acceptAppend(core: Core, request: AppendRequest): void {
  const { log } = core
  const { entries } = request
  const previous = request.previousLogIndex
  const last = previous + entries.length
  // What is before our base is committed, so it matches: only what comes after needs a look.
  if (previous >= log.baseIndex && log.termAt(previous) !== request.previousLogTerm) {
    rejectAppend(core, request)
    return
  }

  let from = Math.max(previous, log.baseIndex) + 1
  // Everything that is here with the same term is here for good. Only the first difference cuts the log, so a request
  // that was overtaken by a later one takes nothing away.
  while (from <= last && log.termAt(from) === entries[from - previous - 1]!.term) from++
  if (from <= last) {
    assert(from > core.commitIndex, 'a committed entry is never replaced')
    if (from <= log.lastIndex) {
      mark('raft/append-conflict-truncated')
      log.truncateFrom(from)
    }
    log.append(from === previous + 1 ? entries : entries.slice(from - previous - 1))
    core.persistence.appended(from)
  } else if (entries.length > 0 && last < log.lastIndex) mark('raft/stale-append-ignored')
  core.commitTo(Math.min(request.commitIndex, last))
  core.persistence.holdAcknowledgement({
    type: 'append-response',
    from: core.id,
    to: request.from,
    term: core.term,
    accepted: true,
    // What is committed here is in the log of every later leader: a leader that asks below it may skip ahead.
    matchIndex: logIndex(previous < core.commitIndex ? Math.max(last, core.commitIndex) : last),
    hintIndex: logIndex(0),
    hintTerm: core.term,
  })
}

function rejectAppend(core: Core, request: AppendRequest): void {
  const { log } = core
  // Skip everything that certainly differs: the logs cannot agree where our term is higher than the leader's was.
  const hintIndex = log.lastIndexWithTermAtMost(
    Math.min(request.previousLogIndex, log.lastIndex),
    request.previousLogTerm,
  )
  core.send({
    type: 'append-response',
    from: core.id,
    to: request.from,
    term: core.term,
    accepted: false,
    matchIndex: request.previousLogIndex,
    hintIndex: logIndex(hintIndex),
    hintTerm: log.termAt(hintIndex)!,
  })
}
