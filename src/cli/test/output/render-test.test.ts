import { describe, expect, test } from 'vitest'
import { finishedTest } from '../testing/finished-test.ts'
import { renderRuns } from './render-runs.ts'
import { formatLatency, renderTest } from './render-test.ts'

const plain = (_tone: string, text: string): string => text

describe('a run on the terminal', () => {
  test('the verdict, the calls, the faults, and where all of it is', () => {
    expect(`\n${renderTest(finishedTest(), plain)}`).toBe(`
valid    12 reads found a total of 100.
         bank on embedded, 3 nodes, in 114 ms, 26 events

  FUNCTION  ACKNOWLEDGED  FAILED  UNKNOWN      P50      P99  LONGEST
  read                12       0        0  3.00 ms  3.00 ms  3.00 ms

  FAULT  STRUCK  IN FORCE  SUCH AS
  kill        1     63 ms  1,3

  report   store/bank-embedded/2026-11-20T16-55-00Z/index.html
  history  store/bank-embedded/2026-11-20T16-55-00Z/history.jsonl
  check    dure test --check store/bank-embedded/2026-11-20T16-55-00Z
  again    dure test --workload bank --nodes 3 --time-limit 60 --nemesis kill \\
             --nemesis-interval 2 --seed 7
`)
  })

  test('what is wrong, as dure check says it', () => {
    const text = renderTest(finishedTest({ total: 90 }), plain)
    expect(text).toMatch(/^invalid {2}A read found 90 instead of 100\.\n/)
    expect(text).toContain('         wrong-total\n         The read at 23 found a total of 90.')
  })

  test('a node that ended by itself is no pass', () => {
    const text = renderTest(finishedTest({ surprises: ['node 2 ended by itself (exit code 70)'] }), plain)
    expect(text).toMatch(
      /^unknown {2}12 reads found a total of 100\. Node 2 ended by itself \(exit code 70\)\.\n/,
    )
  })

  test('fits into 80 columns, whatever happened', () => {
    for (const run of [finishedTest(), finishedTest({ total: 90, surprises: ['node 2 ended '.repeat(9)] })])
      for (const line of renderTest(run, plain).split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('several runs are a table', () => {
    expect(`\n${renderRuns([finishedTest(), finishedTest({ total: 90 })], plain)}`).toBe(`
WORKLOAD  VERDICT  LENGTH  CALLS  ACKNOWLEDGED  UNKNOWN  FAULTS
bank      valid    114 ms     12            12        0       1
bank      invalid  114 ms     12            12        0       1
`)
  })

  test.for([
    [0.8444, '0.84 ms'],
    [12.34, '12 ms'],
    [1_234, '1.2 s'],
  ] as const)('a latency of %d ms is %s', ([ms, text]) => {
    expect(formatLatency(ms)).toBe(text)
  })
})
