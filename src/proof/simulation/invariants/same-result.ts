import { unreachable } from '../../../foundation/assert.ts'
import type { CommandResult } from '../../../wire/command/command.ts'

/** Whether two nodes answered an entry with the same; `undefined` is the answer to what is no command. */
export function sameResult(left: CommandResult | undefined, right: CommandResult | undefined): boolean {
  if (left === right) return true
  if (left === undefined || right === undefined) return false
  switch (left.kind) {
    case 'session-opened':
      return right.kind === left.kind && right.session === left.session
    case 'committed':
      return (
        right.kind === left.kind && right.version === left.version && sameItems(right.existed, left.existed)
      )
    case 'comparison-failed':
      return right.kind === left.kind && sameItems(right.found, left.found)
    case 'lease-granted':
      return right.kind === left.kind && right.lease === left.lease && right.token === left.token
    case 'leases-kept':
      return right.kind === left.kind && sameItems(right.kept, left.kept)
    case 'lease-ended':
      return right.kind === left.kind && right.existed === left.existed
    case 'lease-gone':
    case 'lease-full':
      return right.kind === left.kind && right.lease === left.lease
    case 'invalid':
      return right.kind === left.kind && right.message === left.message
    case 'session-expired':
    case 'token-reused':
    case 'overloaded':
    case 'too-many-leases':
    case 'time-advanced':
      return right.kind === left.kind
    default:
      return unreachable(left)
  }
}

function sameItems<Item>(left: readonly Item[], right: readonly Item[]): boolean {
  if (left.length !== right.length) return false
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false
  return true
}
