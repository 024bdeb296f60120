import { expect, test } from 'vitest'
import { renderPrometheus } from './prometheus.ts'

test('samples of one name stand together under one head', () => {
  const lag = (node: number, value: number) =>
    ({ name: 'dure_lag', help: 'Entries behind.', kind: 'gauge', value, labels: { node } }) as const
  const term = { name: 'dure_term', help: 'The term.', kind: 'gauge', value: 3 } as const
  expect(renderPrometheus([lag(1, 0), term, lag(2, 17)])).toBe(
    [
      '# HELP dure_lag Entries behind.',
      '# TYPE dure_lag gauge',
      'dure_lag{node="1"} 0',
      'dure_lag{node="2"} 17',
      '# HELP dure_term The term.',
      '# TYPE dure_term gauge',
      'dure_term 3',
      '',
    ].join('\n'),
  )
})

test('what would break a line is escaped', () => {
  const metric = {
    name: 'a',
    help: 'back\\slash\nbreak',
    kind: 'counter',
    value: Number.POSITIVE_INFINITY,
  } as const
  expect(renderPrometheus([{ ...metric, labels: { text: 'say "hi"\n\\' } }])).toBe(
    '# HELP a back\\\\slash\\nbreak\n# TYPE a counter\na{text="say \\"hi\\"\\n\\\\"} +Inf\n',
  )
})
