import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readHistory } from '../../src/proof/files/read-history.ts'
import { checkFencedMutualExclusion } from '../../src/proof/verify/checks/mutual-exclusion/check-fenced-mutual-exclusion.ts'
import { checkLinearizable } from '../../src/proof/verify/linearizability/check-linearizable.ts'
import { models } from '../../src/proof/verify/linearizability/models/models.ts'

const recorded = (name: string) =>
  readHistory(join(import.meta.dirname, `../../examples/famous-failures/histories/${name}.jsonl`))

test('a stale read that etcd 3.4.23 gave is found in what was recorded', () => {
  const { verdict, anomalies } = checkLinearizable(
    recorded('etcd-stale-read'),
    models.register({ initial: null }),
  )
  expect(verdict).toBe('invalid')
  expect(anomalies[0]!.name).toBe('not-linearizable')
})

test('so are two holders of an etcd lock at work at once, and that a fencing token kept one of them out', () => {
  const without = checkFencedMutualExclusion(recorded('etcd-lock'))
  expect([without.verdict, without.anomalies[0]?.name]).toEqual(['invalid', 'stale-token-accepted'])
  expect(checkFencedMutualExclusion(recorded('etcd-lock-fenced')).verdict).toBe('valid')
})
