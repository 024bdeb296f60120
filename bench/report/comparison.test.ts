import { expect, test } from 'vitest'
import type { LoadResult } from '../load/load.ts'
import { formatComparison } from './comparison.ts'

const result = (operationsPerSecond: number, p99Ms: number, errors = 0): LoadResult => ({
  operations: operationsPerSecond,
  measuredMs: 1_000,
  operationsPerSecond,
  p50Ms: p99Ms / 2,
  p99Ms,
  maximumMs: p99Ms,
  clientCpuMicrosecondsPerOperation: 10,
  serverCpuMicrosecondsPerOperation: undefined,
  clientCores: 0.5,
  serverCores: undefined,
  errors,
  firstError: errors === 0 ? undefined : 'refused',
})

test('a ratio is Dure over etcd, held against the goal for its calls in flight', () => {
  const text = formatComparison([
    { operation: 'put', inFlight: 256, results: { etcd: result(10_000, 20), dure: result(30_000, 20) } },
    { operation: 'get', inFlight: 256, results: { etcd: result(10_000, 20), dure: result(49_000, 21) } },
  ])
  expect(text).toMatch(/write +\| +256 +\| +3 × \| +3 × .* met +\|/)
  expect(text).toMatch(/strong read \| +256 \| +4.9 × \| +5 × .* missed: throughput, p99 \|/)
})

test('one contender alone has its lines and no ratios', () => {
  const text = formatComparison([{ operation: 'put', inFlight: 1, results: { dure: result(1_500, 1) } }])
  expect(text).toContain('1,500')
  expect(text).not.toContain('throughput')
})

test('errors are told', () => {
  const text = formatComparison([{ operation: 'put', inFlight: 1, results: { dure: result(1_500, 1, 3) } }])
  expect(text).toContain('dure, write × 1: 3 calls ended with an error, the first: refused')
})
