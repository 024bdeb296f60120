import { unreachable } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import { mark } from '../../foundation/marks.ts'
import type { CommitResult } from '../../ports/key-value/key-value-store.ts'
import { limits } from '../../ports/key-value/limits.ts'
import type { CommandResult } from '../../wire/command/command.ts'
import type { Call } from './call.ts'
import { leaseExpired } from './kept-lease.ts'

/** Ends a write by what the state machine answered: this settles what earlier attempts left open. */
export function settle(call: Call<CommitResult>, result: CommandResult): void {
  switch (result.kind) {
    case 'committed':
      if (call.isUnknown) mark('client/unknown-settled-by-retry')
      return call.succeed({ committed: true, version: result.version, existed: result.existed })
    case 'comparison-failed':
      return call.succeed({ committed: false, found: result.found })
    default:
      return settleRefused(call, result)
  }
}

/** Ends a call by a result that is none of those it asked for. */
export function settleRefused(call: Pick<Call<unknown>, 'fail' | 'isUnknown'>, result: CommandResult): void {
  switch (result.kind) {
    case 'session-expired':
      return call.fail(sessionExpired())
    case 'lease-gone':
      return call.fail(leaseExpired(result.lease))
    case 'lease-full':
      return call.fail(
        new DureError(
          'invalid',
          `the lease ${result.lease} has ${limits.leaseKeysMax} keys, and the put would give it more: a lease holds at most ${limits.leaseKeysMax}; delete keys of it, or take another lease`,
        ),
      )
    case 'too-many-leases':
      return call.fail(
        new DureError(
          'overloaded',
          'the cluster holds as many leases as it may: release those that nobody needs, or wait until some expire',
          { retryable: true, retryAfterMs: 1_000 },
        ),
      )
    case 'token-reused':
      return call.fail(
        new DureError(
          'invalid',
          'this idempotency key was used for another request within the last hour: choose a new key for a new request',
        ),
      )
    case 'overloaded':
      return call.fail(
        new DureError(
          'overloaded',
          'the cluster remembers as many answers for retries as it may: slow down',
          {
            retryable: true,
            outcome: call.isUnknown ? 'unknown' : 'failed',
            retryAfterMs: 1_000,
          },
        ),
      )
    case 'invalid':
      return call.fail(new DureError('invalid', result.message))
    case 'committed':
    case 'comparison-failed':
    case 'session-opened':
    case 'lease-granted':
    case 'leases-kept':
    case 'lease-ended':
    case 'time-advanced':
      return call.fail(
        new DureError(
          'protocol',
          `the cluster answered with '${result.kind}', which is no answer to this command`,
          {
            outcome: 'unknown',
          },
        ),
      )
    default:
      return unreachable(result)
  }
}

export const sessionExpired = (): DureError =>
  new DureError(
    'session-expired',
    'the record of this write is gone, so it cannot be told whether an earlier attempt happened: read to find out',
    { outcome: 'unknown' },
  )
