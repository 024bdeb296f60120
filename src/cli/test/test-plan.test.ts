import { expect, test } from 'vitest'
import { bank } from '../../proof/workloads/bank/bank.ts'
import { defaults, replayCommand, type TestPlan, usualFaultIntervalMs, usualName } from './test-plan.ts'

const usual: TestPlan = {
  ...defaults,
  name: usualName(bank, 'embedded'),
  workload: bank,
  engine: 'embedded',
  seed: 7,
}

test('the command that replays a run says what is not usual', () => {
  expect(replayCommand(usual)).toBe(
    'dure test --workload bank --nodes 5 --time-limit 60 --nemesis kill,pause,partition --seed 7',
  )
  expect(
    replayCommand({
      ...usual,
      workers: 20,
      ratePerSecond: 50,
      timeoutMs: 1_000,
      faultKinds: ['packet'],
      faultIntervalMs: 2_000,
      name: 'mine',
      store: '/tmp/runs',
    }),
  ).toBe(
    'dure test --workload bank --nodes 5 --time-limit 60 --rate 50 --concurrency 20 --timeout-ms 1000 --nemesis packet --nemesis-interval 2 --seed 7 --name mine --store /tmp/runs',
  )
})

test('faults of a short run are short, so that each kind strikes', () => {
  expect([300_000, 25_000, 12_000].map(usualFaultIntervalMs)).toEqual([5_000, 5_000, 2_400])
  const short = { ...usual, timeLimitMs: 12_000, faultIntervalMs: 2_400 }
  expect(replayCommand(short)).not.toContain('--nemesis-interval')
})

test('for an engine that is there already it says where', () => {
  const endpoints = ['127.0.0.1:2379', '127.0.0.1:2389']
  const plan: TestPlan = { ...usual, engine: 'etcd', endpoints, name: 'bank-etcd', faultKinds: [] }
  expect(replayCommand(plan)).toBe(
    'dure test --workload bank --engine etcd --endpoints 127.0.0.1:2379,127.0.0.1:2389 --time-limit 60 --nemesis none --seed 7',
  )
})
