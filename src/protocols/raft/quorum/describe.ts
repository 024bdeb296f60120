import type { NodeId } from '../../../foundation/ids.ts'
import type { JointVoters } from './joint.ts'

/**
 * A picture of who acknowledged what: one line for each voter, its arrow as long as the number of voters that it is
 * ahead of; `?` where nothing is known.
 *
 * ```
 *        idx
 * xx>     12    (id=1)
 * x>       5    (id=2)
 * ?        0    (id=3)
 * ```
 */
export function describeVoters(
  joint: JointVoters,
  acknowledged: (voter: NodeId) => number | undefined,
): string {
  const ids = [...new Set([...joint.voters, ...joint.votersOutgoing])].sort((left, right) => left - right)
  if (ids.length === 0) return '<empty majority quorum>'
  const indexes = ids.map((id) => acknowledged(id) ?? 0)
  const lines = ids.map((id, i) => {
    const behind = indexes.filter((index) => index < indexes[i]!).length
    const arrow = acknowledged(id) === undefined ? '?' : `${'x'.repeat(behind)}>`
    return `${arrow.padEnd(ids.length + 1)} ${String(indexes[i]).padStart(5)}    (id=${id})\n`
  })
  return `${' '.repeat(ids.length)}    idx\n${lines.join('')}`
}
