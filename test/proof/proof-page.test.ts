import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { finishedTest } from '../../src/cli/test/testing/finished-test.ts'
import { faultKinds } from '../../src/proof/chaos/nemesis/cluster-under-test.ts'
import { workloads } from '../../src/proof/workloads/catalogue.ts'
import { withRuns } from './runs-table.ts'

const page = readFileSync(new URL('../../docs/proof.md', import.meta.url), 'utf8')

test('the page on proof tells of every workload and every kind of fault', () => {
  for (const { name } of workloads) expect(page, name).toContain(`| \`${name}\` |`)
  for (const kind of faultKinds) expect(page, kind).toContain(`| \`${kind}\` |`)
})

test('runs are put into its table in the place of those that were there', () => {
  const { setup, results } = finishedTest().record
  const once = withRuns(page, [{ ...setup, ...results }])
  expect(once).toContain('| bank | valid | 0 s, 3 nodes | 12 read | 0 | 1 kill |')
  expect(withRuns(once, [{ ...setup, ...results }])).toBe(once)
  expect(() => withRuns('a page without a place', [])).toThrow('the page has no place for runs')
})
