import { expect, test } from 'vitest'
import { workloads } from '../../proof/workloads/catalogue.ts'
import { findWorkloads, listWorkloads } from './find-workload.ts'
import { workloadNames } from './workload-names.ts'

test('help names every workload, and no other', () => {
  expect(workloadNames).toEqual(workloads.map(({ name }) => name))
})

test('workloads are found by their names, several, or all', () => {
  expect(findWorkloads('bank').map(({ name }) => name)).toEqual(['bank'])
  expect(findWorkloads('bank, set').map(({ name }) => name)).toEqual(['bank', 'set'])
  expect(findWorkloads('all')).toBe(workloads)
})

test('a wrong name is answered with the right one and all that there are', () => {
  expect(() => findWorkloads('bank,list-apend')).toThrow(
    /there is no workload "list-apend"\. Did you mean list-append\? There are register, .*mixed\./,
  )
})

test('the list says what each does, in 80 columns', () => {
  const lines = listWorkloads().split('\n')
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
  for (const { name } of workloads) expect(lines.some((line) => line.startsWith(`  ${name} `))).toBe(true)
})
