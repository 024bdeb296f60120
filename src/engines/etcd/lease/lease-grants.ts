import { randomBytes } from 'node:crypto'
import type { Call } from '../call.ts'
import { Refused, type RequestOptions, type Rpc } from '../rpc.ts'
import { decodeLeaseAnswer, encodeLeaseGrant, encodeLeaseRevoke } from '../wire/control-messages.ts'

export interface Grant {
  readonly id: number
  /** As granted: at least what was asked for. */
  readonly ttlMs: number
  /** It began no earlier. */
  readonly sentAtMs: number
}

/** Below 2^48, so that a number holds it; 0 would let etcd choose, and a retry could not be told. */
const randomId = (): number => randomBytes(6).readUIntBE(0, 6) || 1

export const hexOf = (id: number): string => id.toString(16).padStart(12, '0')

/** etcd counts in whole seconds: rounded up. */
export async function grantLease(
  rpc: Rpc,
  call: Call,
  ttlMs: number,
  options?: RequestOptions,
): Promise<Grant> {
  for (;;) {
    const id = randomId()
    const sentAtMs = performance.now()
    try {
      const message = encodeLeaseGrant(id, Math.ceil(ttlMs / 1_000))
      const answer = decodeLeaseAnswer(
        await rpc.request(call, '/etcdserverpb.Lease/LeaseGrant', message, options),
      )
      return { id, ttlMs: answer.ttlSeconds * 1_000, sentAtMs }
    } catch (error) {
      // By an attempt before, of which no answer came; or, once in a blue moon, somebody else's. Another one is as good,
      // and this one expires by itself.
      if (!(error instanceof Refused) || !/lease already exists/.test(error.message)) throw error
    }
  }
}

/** Its keys are gone when this returns. One that is gone already is fine. */
export async function revokeLease(rpc: Rpc, call: Call, id: number, options?: RequestOptions): Promise<void> {
  try {
    await rpc.request(call, '/etcdserverpb.Lease/LeaseRevoke', encodeLeaseRevoke(id), options)
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'lease-lost') throw error
  }
}
