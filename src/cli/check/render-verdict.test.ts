import { expect, test } from 'vitest'
import type { CheckResult } from '../../proof/verify/verdict/verdict.ts'
import type { CheckedHistory } from './checked-history.ts'
import { renderVerdict } from './render-verdict.ts'
import { verdictJson } from './verdict-json.ts'

const spent = { steps: 1_234, memoryBytes: 3 << 20 }
const checked = (result: Partial<CheckResult>): CheckedHistory => ({
  source: 'bank.edn',
  history: { format: 'edn', origin: 'jepsen', events: 1_200, keyed: false },
  model: 'bank',
  consistency: undefined,
  tookMs: 12.4,
  result: {
    verdict: 'valid',
    summary: 'The total is 100 in all 480 reads.',
    anomalies: [],
    spent,
    ...result,
  },
})
const plain = { style: (_tone: string, text: string) => text, columns: 60 }
const anomaly = {
  name: 'wrong-total',
  explanation: 'The read of event 7 found 90 in all accounts together, and the total is 100.',
  drawing: 'a 40\nb 50   ← 10 are gone\n',
  events: [7],
}

test('a valid history is one sentence', () => {
  expect(renderVerdict(checked({}), plain)).toBe(
    [
      'valid    The total is 100 in all 480 reads.',
      '         bank.edn: 1,200 events, read as edn, checked as',
      '         bank',
      '',
    ].join('\n'),
  )
})

test('values that were taken as pairs are told of', () => {
  const valid = checked({})
  const text = renderVerdict({ ...valid, history: { ...valid.history!, keyed: true } }, plain)
  expect(text.replace(/\s+/g, ' ')).toContain('checked as bank, values taken as [key value] pairs')
})

test('an invalid one says why, and draws it', () => {
  const result = { verdict: 'invalid', summary: 'One read is wrong.', anomalies: [anomaly] } as const
  expect(renderVerdict(checked(result), plain)).toBe(
    [
      'invalid  One read is wrong.',
      '         bank.edn: 1,200 events, read as edn, checked as',
      '         bank',
      '',
      '         wrong-total',
      '         The read of event 7 found 90 in all accounts',
      '         together, and the total is 100.',
      '',
      '  a 40',
      '  b 50   ← 10 are gone',
      '',
    ].join('\n'),
  )
})

test('many anomalies are counted, not listed', () => {
  const text = renderVerdict(
    checked({ verdict: 'invalid', anomalies: Array.from({ length: 1_007 }, () => ({ ...anomaly })) }),
    plain,
  )
  expect(text.match(/wrong-total/g)).toHaveLength(5)
  expect(text).toContain('--json tells of 1,002 more')
})

test('every kind of anomaly is shown before the second of any', () => {
  const lost = Array.from({ length: 32 }, () => ({ ...anomaly, name: 'lost-element' }))
  const unexpected = Array.from({ length: 32 }, () => ({ ...anomaly, name: 'unexpected-element' }))
  const text = renderVerdict(checked({ verdict: 'invalid', anomalies: [...lost, ...unexpected] }), plain)
  expect(text.match(/lost-element|unexpected-element/g)).toEqual([
    ...Array.from({ length: 4 }, () => 'lost-element'),
    'unexpected-element',
  ])
})

test('what is not decided says what was spent', () => {
  expect(renderVerdict(checked({ verdict: 'unknown' }), plain)).toMatch(
    /^unknown {2}[\s\S]*12 ms, 1,234 steps, 3\.0 MiB of memory\n$/,
  )
})

test('what a history holds cannot steer the terminal', () => {
  const evil = { ...anomaly, explanation: 'read \u001b[2J', drawing: '\u001b[31mred' }
  const text = renderVerdict(checked({ verdict: 'invalid', anomalies: [evil] }), plain)
  expect(text).not.toContain('\u001b')
})

test('JSON has everything, in the names of HTTP', () => {
  const statistics = { lowestTotal: 90n, byAccount: new Map([[1, new Set(['a'])]]) }
  const result = { verdict: 'invalid', anomalies: [anomaly], statistics } as Partial<CheckResult>
  expect(verdictJson(checked(result))).toMatchObject({
    verdict: 'invalid',
    model: 'bank',
    took_ms: 12,
    anomalies: [{ name: 'wrong-total', events: [7] }],
    spent: { steps: 1_234, memory_bytes: 3 << 20 },
    statistics: { lowest_total: '90', by_account: { 1: ['a'] } },
  })
})
