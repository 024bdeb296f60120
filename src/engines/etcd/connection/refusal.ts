import { DureError, type Outcome } from '../../../foundation/errors.ts'
import { type Ended, grpc } from './grpc-status.ts'

/** What etcd's refusal means in the port's words. `outcome` is that of the call so far. */
export function refusal({ status, message }: Ended, outcome: Outcome = 'failed'): DureError {
  const say = (code: DureError['code'], advice: string, retryable = false): DureError =>
    new DureError(code, `etcd answered "${message}": ${advice}`, { outcome, retryable })

  if (/too many requests/.test(message))
    return say('overloaded', 'more is in flight than it takes; slow down', true)
  if (/database space exceeded/.test(message)) {
    return say('disk', 'its quota is used up; compact and defragment it, then disarm its NOSPACE alarm')
  }
  if (/too many operations/.test(message)) {
    return say('unsupported', 'split the commit, or raise its --max-txn-ops (128 unless set)')
  }
  if (/request is too large|larger than max/.test(message)) {
    return say('unsupported', 'split the commit, or raise its --max-request-bytes (1.5 MiB unless set)')
  }
  if (/not supported for learner/.test(message)) {
    return say('unavailable', 'name members in endpoints that vote, or promote this one', true)
  }
  if (/not capable/.test(message)) return say('unavailable', 'it is being upgraded; try again', true)
  if (/lease not found/.test(message)) return say('lease-lost', 'the lease expired or was released')
  if (/has been compacted/.test(message))
    return say('snapshot-expired', 'what is asked for was compacted; start again')
  if (status === grpc.permissionDenied) {
    return say('invalid', 'give the role of this user read and write permission for the keyPrefix')
  }
  if (
    /authentication failed|user name|auth token|auth store/.test(message) ||
    status === grpc.unauthenticated
  ) {
    return say('invalid', 'check username and password, or the client certificate')
  }
  if (status === grpc.unavailable || status === grpc.deadlineExceeded || status === grpc.cancelled) {
    return say('unavailable', 'try again', true)
  }
  if (status === grpc.unimplemented) return say('unsupported', 'etcd 3.4 or later is needed')
  return say('protocol', `gRPC status ${status} was not expected here`)
}
