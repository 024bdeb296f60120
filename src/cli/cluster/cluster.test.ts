import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readClusterFile, writeClusterFile } from './cluster-file.ts'
import { addressesOf, layoutOf } from './layout.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-cluster-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('node i serves HTTP on 8080 + i - 1 and peers on 7000 + i; --base-port moves both', () => {
  expect(addressesOf(layoutOf(2, undefined))).toEqual([
    { node: 1, http: '127.0.0.1:8080', peer: '127.0.0.1:7001' },
    { node: 2, http: '127.0.0.1:8081', peer: '127.0.0.1:7002' },
  ])
  expect(addressesOf(layoutOf(2, 9000))[1]).toEqual({
    node: 2,
    http: '127.0.0.1:9001',
    peer: '127.0.0.1:9102',
  })
})

test('the file comes back as it was written; without one there is no cluster', () => {
  const file = {
    format: 1,
    clusterId: 'local-1',
    nodes: 5,
    basePort: 8080,
    peerBasePort: 7000,
    initialized: [1, 2],
  } as const
  expect(readClusterFile(directory)).toBeUndefined()
  writeClusterFile(directory, file)
  expect(readClusterFile(directory)).toEqual(file)
})

test.for(['', '{', '{"format":2}', '[]'])('a file that says %j is refused with its name', (text) => {
  writeFileSync(join(directory, 'cluster.json'), text)
  expect(() => readClusterFile(directory)).toThrow(
    /cluster\.json does not describe a cluster that this version knows/,
  )
})
