import { beforeAll, describe, expect, test } from 'vitest'
import { largeRecord } from '../../../test/report/large-record.ts'
import type { HistoryEvent } from '../verify/history/event.ts'
import type { TestRecord } from '../workloads/run/test-record.ts'
import { renderReport } from './render-report.ts'

const small = largeRecord(60)

/** What a page says, without the script and the style that it brings along. */
const contentOf = (page: string): string => page.slice(page.indexOf('<body>'), page.indexOf('<script'))

describe('a page of a run', () => {
  let page: string
  beforeAll(() => {
    page = renderReport(small)
  })

  test('says the verdict and why before anything else', () => {
    const text = contentOf(page)
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ')
    expect(text.trim()).toMatch(
      /^To the operations cas-register on embedded Invalid Operation \d+ and operation \d+/,
    )
  })

  test('asks nobody for anything', () => {
    expect(contentOf(page)).not.toMatch(/(?:src|href|action)="(?!#|\.\/)/)
    expect(page).toContain(`default-src 'none'`)
  })

  test('tells how to do it again, and nothing of what it does not know', () => {
    expect(page).toContain('npx dure test --workload cas-register --time-limit 300 --seed 42')
    expect(contentOf(page)).not.toMatch(/undefined|NaN|\[object/)
  })

  test.for([
    ['valid', 'Valid', 'Nothing that was recorded contradicts'],
    ['unknown', 'Unknown', 'shows neither'],
  ] as const)('of a run that is %s', ([verdict, title, meaning]) => {
    const results = { ...small.results, verdict, anomalies: [], summary: 'So it is.' }
    const other = renderReport({ ...small, results })
    expect(other).toContain(`<span>${title}</span>`)
    expect(other).toContain(meaning)
    expect(other).not.toContain('What is wrong')
  })
})

test('nothing that a run brings along becomes a part of the page', () => {
  const evil = `</script></style><img src=x onerror="alert(1)">'"<!--`
  const events: HistoryEvent[] = [
    { index: 0, process: evil, type: 'invoke', f: evil, key: evil, value: evil, timeNs: 0 },
    { index: 1, process: evil, type: 'fail', f: evil, key: evil, value: evil, error: evil, timeNs: 5 },
  ]
  const record: TestRecord = {
    setup: {
      ...small.setup,
      ...{ name: evil, engine: evil, version: evil, startedAt: evil, nodes: [evil], replayCommand: evil },
      ...{ workload: { name: evil, description: evil }, options: { [evil]: evil }, checkCommand: evil },
    },
    results: {
      ...small.results,
      summary: evil,
      anomalies: [{ name: evil, explanation: `Operation 0 ${evil}`, drawing: evil, events: [0, 1] }],
      calls: { [evil]: { acknowledged: 0, failed: 1, unknown: 0 } },
      faultSpans: [{ kind: 'kill', described: evil, beginMs: 0, error: evil }],
      files: [`javascript:${evil}`],
    },
    history: { origin: 'dure', events },
  }
  const page = renderReport(record)
  expect(page).not.toContain('<img')
  expect(page).not.toMatch(/href="javascript/i)
  expect(page.match(/<\/script>/g)).toHaveLength(2)
  expect(page.match(/<\/style>/g)).toHaveLength(1)
})

test('an empty run is a page too', () => {
  const results = { ...small.results, anomalies: [], calls: {}, faults: {}, faultSpans: [], durationMs: 0 }
  const page = contentOf(renderReport({ ...small, results, history: { origin: 'dure', events: [] } }))
  expect(page).not.toMatch(/undefined|NaN|Infinity/)
})
