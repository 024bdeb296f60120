import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDirectory } from '../../engines/embedded/open-directory.ts'
import { space, userRowKey, userRowValue } from '../../engines/embedded/state-machine/row.ts'
import { concatBytes, utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import { logIndex, nodeId, term } from '../../foundation/ids.ts'
import { versionFromNumber } from '../../ports/key-value/version.ts'
import { UNFINISHED_RESTORE } from '../../storage/identity/unfinished-restore.ts'
import { BackupWriter } from '../../storage/snapshot/backup-writer.ts'
import { encodeChunk } from '../../storage/snapshot/chunk-codec.ts'
import { readClusterFile } from '../cluster/cluster-file.ts'
import { type RestoreOptions, restoreBackup } from './restore-backup.ts'

let directory: string
let file: string
let into: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-restore-'))
  file = join(directory, 'snapshot.dure')
  into = join(directory, 'new')
  writeFileSync(file, backup)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const rows = [
  // A session that makes no sense: it stays behind, so nobody looks at it.
  { key: new Uint8Array([space.session, 1]), value: utf8('nonsense') },
  { key: new Uint8Array([space.changeStart]), value: utf8('nonsense') },
  { key: userRowKey(utf8('k')), value: userRowValue(versionFromNumber(40), utf8('v'), undefined) },
]
const writer = new BackupWriter(createHash('sha256'))
const voters = [nodeId(1), nodeId(2)]
const backup = concatBytes([
  writer.header({
    clusterId: 'old',
    nodeId: nodeId(1),
    index: logIndex(50),
    term: term(3),
    membership: { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
    logTimeMs: 0,
    version: '0.1.0',
    createdAtMs: 0,
  }),
  writer.chunk(encodeChunk(rows)),
  writer.trailer(),
])

const restore = (options: Partial<RestoreOptions> = {}) =>
  restoreBackup({
    file,
    into,
    shape: 'embedded',
    signal: new AbortController().signal,
    onVerified: () => {},
    onDiskFailure: (error) => {
      throw error
    },
    ...options,
  })

const refusal = async (options: Partial<RestoreOptions> = {}): Promise<DureError> => {
  const error = await restore(options).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(DureError)
  return error as DureError
}

test('a directory for one process holds the values, without the sessions and the changes of the old cluster', async () => {
  await restore()
  await using store = await openDirectory(into)
  expect(await store.get(utf8('k'))).toEqual({ exists: true, value: new Uint8Array(utf8('v')), version: 40 })
  expect((await store.put(utf8('l'), utf8('w'))).version).toBeGreaterThan(1_000_000_050)
  expect(readdirSync(into)).not.toContain(UNFINISHED_RESTORE)
})

test('a cluster of any size gets an id of its own, and every node the same rows', async () => {
  mkdirSync(into)
  const { clusterId } = await restore({ shape: { nodes: 3, basePort: 9_000 } })
  expect(clusterId).not.toBe('old')
  const found = readClusterFile(into)
  expect(found).toMatchObject({ clusterId, nodes: 3, basePort: 9_000, initialized: [1, 2, 3] })
  const [first, ...others] = [1, 2, 3].map((node) =>
    readFileSync(join(into, `node-${node}`, 'tables/data.mdb')),
  )
  for (const other of others) expect(other.equals(first!)).toBe(true)
  for (const node of [1, 2, 3]) {
    expect(readFileSync(join(into, `node-${node}`, 'identity'), 'utf8')).toContain(`"nodeId":${node}`)
  }
})

describe('nothing is left of a restore that is refused', () => {
  test('because any byte of the backup is wrong: that is known before anything is written', async () => {
    for (let at = 0; at < backup.length; at += 7) {
      const bytes = Buffer.from(backup)
      bytes[at]! ^= 0x40
      writeFileSync(file, bytes)
      await refusal()
      expect(existsSync(into)).toBe(false)
    }
  })

  test('because it was cut off, with the byte where it ends', async () => {
    writeFileSync(file, backup.subarray(0, 100))
    expect((await refusal()).message).toBe(
      `${file}, byte 100: it ends here, in the middle. The backup was cut off, damaged or edited: use another copy, or take a new backup`,
    )
    expect(existsSync(into)).toBe(false)
  })

  test('because it was interrupted: an empty directory is empty again', async () => {
    mkdirSync(into)
    const interrupted = new AbortController()
    const error = await restore({
      signal: interrupted.signal,
      onVerified: () => interrupted.abort(new DureError('aborted', 'interrupted')),
    }).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'aborted' })
    expect(readdirSync(into)).toEqual([])
  })

  test('because the directory is not empty: what is in it stays', async () => {
    mkdirSync(into)
    writeFileSync(join(into, 'precious'), '1')
    expect((await refusal()).message).toContain('is not empty (precious)')
    expect(readdirSync(into)).toEqual(['precious'])
  })

  test('because there is no such backup, or no such directory can be', async () => {
    expect((await refusal({ file: join(directory, 'missing') })).message).toContain('there is no file')
    expect((await refusal({ file: directory })).message).toContain('is a directory')
    expect((await refusal({ into: file })).message).toContain('is a file: name a directory')
  })
})

test('on what a crash left half done nobody starts, and no restore builds', async () => {
  mkdirSync(join(into, UNFINISHED_RESTORE), { recursive: true })
  const unfinished = /did not come to its end: remove that directory and restore again/
  expect((await refusal()).message).toMatch(unfinished)
  expect(() => readClusterFile(into)).toThrow(unfinished)
  await expect(openDirectory(into)).rejects.toThrow(unfinished)
})
