import { unreachable } from '../../../foundation/assert.ts'
import type { Explained, Inferences } from './graph/explain-cycle.ts'
import { OVERWRITTEN, READ_BEFORE, WRITE_CONFLICT } from './graph/inferred-edges.ts'

/**
 * What the field calls a cycle: by the level whose rule it needs, with `-process` where it needs the order of a session.
 */
export function anomalyName({ history, level, edges }: Inferences, explained: Explained): string {
  const process = explained.usesSessions ? '-process' : ''
  if (explained.rules.size === 0 && edges.count === 0) return `G1c${process}`
  switch (level) {
    case 'read-committed':
      return explained.rules.size === 0 ? `G1c${process}` : 'non-monotonic-read'
    case 'read-atomic':
      return explained.rules.size === 0 ? `G1c${process}` : `fractured-read${process}`
    case 'causal':
      return `causality-violation${process}`
    case 'prefix':
      return `long-fork${process}`
    case 'snapshot-isolation':
      if (!explained.rules.has(WRITE_CONFLICT)) return `long-fork${process}`
      return losesAnUpdate(history, explained.transactions) ? 'lost-update' : `G-nonadjacent${process}`
    case 'serializable':
      if (losesAnUpdate(history, explained.transactions)) return 'lost-update'
      return explained.transactions.length === 2 &&
        !explained.rules.has(OVERWRITTEN) &&
        explained.rules.has(READ_BEFORE)
        ? 'write-skew'
        : `G2-item${process}`
    default:
      return unreachable(level)
  }
}

/** Two that read one version of a key and both wrote it. */
function losesAnUpdate(history: Inferences['history'], transactions: readonly number[]): boolean {
  const { readStart, readKey, readWriter } = history.arrays
  const versions = new Set<string>()
  for (const transaction of transactions) {
    const own = new Set<string>()
    for (let at = readStart[transaction]!; at < readStart[transaction + 1]!; at++) {
      if (history.writes(transaction, readKey[at]!)) own.add(`${readKey[at]} ${readWriter[at]}`)
    }
    for (const version of own) {
      if (versions.has(version)) return true
      versions.add(version)
    }
  }
  return false
}
