import { assert } from '../../foundation/assert.ts'
import type { Core, RestoredState } from './core.ts'

/**
 * Puts the log in order with the table. A crash between "the table was replaced by a snapshot" and "the log was reset"
 * leaves a log that ends before the table, or that conflicts with it: then only the table holds.
 */
export function recover(core: Core, restored: RestoredState): void {
  const { log } = core
  const { applied } = restored
  assert(applied.index >= log.baseIndex, 'the log was compacted only up to what the table holds durably')
  assert(log.lastTerm <= core.term, 'the term on the disk is no older than the log')
  if (log.termAt(applied.index) !== applied.term) {
    log.reset(applied.index, applied.term)
    core.persistence.wasReset()
  }
  log.settle(applied.index)
  if (applied.term > core.term) {
    // The snapshot's term was not persisted, so nothing was promised in it.
    core.term = applied.term
    core.vote = undefined
  }
  assert(core.commitIndex <= log.lastIndex, 'what is committed is in the log')
}
