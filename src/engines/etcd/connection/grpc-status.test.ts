import { expect, test } from 'vitest'
import { type Ended, judge } from './grpc-status.ts'
import { refusal } from './refusal.ts'

const ended = (status: number, message: string, neverLeft = false): Ended => ({
  ...{ status, message, neverLeft },
  body: new Uint8Array(0),
})

test.for([
  [0, '', 'ok', 'protocol'],
  [14, 'etcdserver: request timed out', 'unknown', 'unavailable'],
  [14, 'etcdserver: request timed out, possibly due to previous leader failure', 'unknown', 'unavailable'],
  [14, 'etcdserver: leader changed', 'unknown', 'unavailable'],
  [14, 'etcdserver: server stopped', 'unknown', 'unavailable'],
  [14, 'etcdserver: no leader', 'refused', 'unavailable'],
  [14, 'etcdserver: rpc not supported for learner', 'refused', 'unavailable'],
  [9, 'etcdserver: rpc not supported for learner', 'refused', 'unavailable'],
  [14, 'etcdserver: not capable', 'refused', 'unavailable'],
  [9, 'etcdserver: not capable', 'refused', 'unavailable'],
  [4, 'context deadline exceeded', 'unknown', 'unavailable'],
  [1, 'context canceled', 'unknown', 'unavailable'],
  [2, 'something new', 'unknown', 'protocol'],
  [8, 'etcdserver: too many requests', 'refused', 'overloaded'],
  [8, 'etcdserver: mvcc: database space exceeded', 'final', 'disk'],
  [8, 'grpc: received message larger than max (3 vs. 2)', 'final', 'unsupported'],
  [3, 'etcdserver: request is too large', 'final', 'unsupported'],
  [3, 'etcdserver: too many operations in txn request', 'final', 'unsupported'],
  [3, 'etcdserver: authentication failed, invalid user ID or password', 'final', 'invalid'],
  [3, 'etcdserver: revision of auth store is old', 'log-in', 'invalid'],
  [3, 'etcdserver: user name is empty', 'log-in', 'invalid'],
  [16, 'etcdserver: invalid auth token', 'log-in', 'invalid'],
  [7, 'etcdserver: permission denied', 'final', 'invalid'],
  [5, 'etcdserver: requested lease not found', 'final', 'lease-lost'],
  [11, 'etcdserver: mvcc: required revision has been compacted', 'final', 'snapshot-expired'],
  [12, 'unknown method', 'final', 'unsupported'],
] as const)('status %i, "%s": %s, %s', ([status, message, verdict, code]) => {
  expect(judge(ended(status, message))).toBe(verdict)
  expect(refusal(ended(status, message)).code).toBe(code)
})

test('what never left did not happen', () => {
  expect(judge(ended(14, 'ECONNREFUSED', true))).toBe('refused')
})
