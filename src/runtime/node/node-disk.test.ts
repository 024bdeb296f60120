import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { DiskError } from '../disk.ts'
import { diskCases } from '../testing/disk-cases.ts'
import { openFile, promised } from '../testing/promises.ts'
import { NodeDisk } from './node-disk.ts'

let directory: string
let disk: NodeDisk

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-disk-'))
  disk = new NodeDisk(directory)
})
afterEach(() => {
  disk.release()
  rmSync(directory, { recursive: true, force: true })
})

describe('the Node disk, as every disk', () => {
  for (const { name, run } of diskCases) test(name, () => run(disk))
})

async function errorOf(action: Promise<unknown>): Promise<DiskError> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(DiskError)
  return error as DiskError
}

describe('the lock of a data directory', () => {
  test('is refused while another holds it, and free once that one let go', async () => {
    await promised((done) => disk.lock(done))
    const other = new NodeDisk(directory)
    const error = await errorOf(promised((done) => other.lock(done)))
    expect(error.reason).toBe('locked')
    expect(error.message).toContain(directory)
    disk.release()
    await promised((done) => other.lock(done))
    other.release()
  })

  test('is held against another process, and free as soon as that one was killed', async () => {
    const module = pathToFileURL(join(import.meta.dirname, 'node-disk.ts')).href
    const script = `
      const { NodeDisk } = await import(${JSON.stringify(module)})
      new NodeDisk(${JSON.stringify(directory)}).lock((error) => console.log(error ? error.reason : 'held'))
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(child.stdout, 'data')
    expect(String(line).trim()).toBe('held')
    expect((await errorOf(promised((done) => disk.lock(done)))).reason).toBe('locked')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await promised((done) => disk.lock(done))
  })

  test('creates the directory', async () => {
    const deep = join(directory, 'not', 'there', 'yet')
    const fresh = new NodeDisk(deep)
    await promised((done) => fresh.lock(done))
    expect(existsSync(deep)).toBe(true)
    fresh.release()
  })
})

describe('a disk that refuses', () => {
  test('says that a directory may not be written to', async () => {
    if (process.getuid?.() === 0) return // root may write anywhere
    chmodSync(directory, 0o500)
    expect((await errorOf(openFile(disk, 'a'))).reason).toBe('read-only')
  })

  test('says that it is full, for a plain and for a synced write', async () => {
    if (!existsSync('/dev/full')) return
    const device = new NodeDisk('/dev')
    const file = await openFile(device, 'full', false)
    for (const write of ['write', 'writeSynced'] as const) {
      const error = await errorOf(promised((done) => file[write](0, utf8('x'), done)))
      expect(error.reason).toBe('full')
      expect(error.message).toContain('/dev/full')
    }
  })

  test('says that a file is where a directory should be', async () => {
    writeFileSync(join(directory, 'file'), '')
    const inFile = new NodeDisk(join(directory, 'file'))
    const error = await errorOf(promised((done) => inFile.lock(done)))
    expect(error.message).toContain(join(directory, 'file'))
  })
})
