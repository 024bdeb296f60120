import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDirectory } from '../../engines/embedded/open-directory.ts'
import { text, utf8 } from '../../foundation/bytes.ts'
import { nodeId } from '../../foundation/ids.ts'
import { encodeIdentity } from '../../storage/identity/identity.ts'
import { inspectNode, recoverNode } from './stopped-node.ts'

let directory: string

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dure-stopped-'))
  await using store = await openDirectory(directory)
  for (let i = 0; i < 20; i++) await store.put(utf8(`k${i}`), utf8(`v${i}`))
})

afterEach(() => rmSync(directory, { recursive: true }))

/** As the store of one process may call itself: only so can it be opened again here. */
const NAME = 'embedded-anew'

async function expectAll(): Promise<void> {
  await using store = await openDirectory(directory)
  for (let i = 0; i < 20; i++) {
    const found = await store.get(utf8(`k${i}`))
    expect(found.exists && text(found.value)).toBe(`v${i}`)
  }
  await store.put(utf8('after'), utf8('all'))
}

test('a directory that is looked into stays as it is', async () => {
  const report = await inspectNode(directory)
  expect(report).toMatchObject({
    clusterId: expect.stringMatching(/^embedded-\w+$/),
    nodeId: 1,
    membership: { voters: [1] },
  })
  expect(report.lastIndex).toBeGreaterThan(20)
  expect(await inspectNode(directory)).toEqual(report)
  await expectAll()
})

test('what is recovered belongs to the new cluster only, holds everything, and begins far beyond', async () => {
  const before = await inspectNode(directory)
  expect(await recoverNode(directory, 'other')).toEqual(before)
  await expect(openDirectory(directory)).rejects.toMatchObject({ code: 'wrong-cluster' })
  const after = await inspectNode(directory)
  expect(after).toMatchObject({ clusterId: 'other', nodeId: 1, membership: { voters: [1], learners: [] } })
  expect(after.lastIndex).toBeGreaterThan(before.lastIndex + 999_999_999)
  expect(after.lastTerm).toBeGreaterThan(before.term)
  // And once more, under the name by which it can be opened here.
  await recoverNode(directory, NAME)
  await expectAll()
})

test('a recovery that was interrupted after it had written the name is completed by asking again', async () => {
  const { clusterId } = await inspectNode(directory)
  const renamed = { clusterId: 'half', nodeId: nodeId(1), formerClusterIds: [clusterId] }
  writeFileSync(join(directory, 'identity'), encodeIdentity(renamed))
  expect(await inspectNode(directory)).toMatchObject({ clusterId: 'half' })
  await recoverNode(directory, NAME)
  expect(readFileSync(join(directory, 'identity'), 'utf8')).toContain(
    `"formerClusterIds":["${clusterId}","half"]`,
  )
  await expectAll()
})

test('a recovery that was interrupted before it had written the log starts as it is, and by asking again', async () => {
  const log = join(directory, 'log')
  const before = mkdtempSync(join(tmpdir(), 'dure-log-'))
  try {
    cpSync(log, before, { recursive: true })
    for (const name of ['embedded-first', 'embedded-second']) {
      await recoverNode(directory, name)
      rmSync(log, { recursive: true })
      cpSync(before, log, { recursive: true })
    }
    await expectAll()
    expect((await inspectNode(directory)).lastIndex).toBeGreaterThan(1_999_999_999)
  } finally {
    rmSync(before, { recursive: true })
  }
})

test('a directory of nobody is refused, and named', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'dure-empty-'))
  try {
    await expect(inspectNode(empty)).rejects.toMatchObject({
      code: 'data-directory',
      message: expect.stringContaining(empty),
    })
  } finally {
    rmSync(empty, { recursive: true })
  }
})
