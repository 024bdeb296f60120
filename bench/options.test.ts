import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

const known = ['speed', 'failover']

test('without arguments it is the speed benchmark, both contenders, all four levels', () => {
  const { benchmarks, settings } = readOptions([], known)
  expect(benchmarks).toEqual(['speed'])
  expect(settings).toMatchObject({
    contenders: ['etcd', 'dure'],
    inFlight: [1, 64, 256, 1_000],
    mode: 'normal',
  })
})

test('all stands for every benchmark', () => {
  expect(readOptions(['all'], known).benchmarks).toEqual(known)
})

test('what is not known is refused, naming what is', () => {
  expect(() => readOptions(['sped'], known)).toThrow(
    "benchmark 'sped' is not known; it can be speed, failover",
  )
  expect(() => readOptions(['--only', 'redis'], known)).toThrow(
    "--only 'redis' is not known; it can be etcd, dure",
  )
  expect(() => readOptions(['--in-flight', '0'], known)).toThrow("--in-flight '0' is not a whole number")
  expect(() => readOptions(['--fast'], known)).toThrow('--fast')
})
