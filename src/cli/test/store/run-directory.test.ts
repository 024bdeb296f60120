import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readHistory } from '../../../proof/files/read-history.ts'
import { checkAgain } from '../check-again.ts'
import { finishedTest } from '../testing/finished-test.ts'
import { HistoryFiles } from './history-files.ts'
import { RunDirectory } from './run-directory.ts'

let store: string

beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), 'dure-store-'))
})
// A directory that is empty goes with the last run that did not begin.
afterEach(() => rmSync(store, { recursive: true, force: true }))

const at = new Date('2026-11-20T16:55:00.123Z')

describe('the directory of a run', () => {
  test('has its own name, and latest is the newest', () => {
    const { setup } = finishedTest().record
    const first = RunDirectory.create(store, 'bank', at)
    first.writeSetup(setup)
    expect(first.path).toMatch(/bank\/2026-11-20T16-55-00Z$/)
    const second = RunDirectory.create(store, 'bank', at)
    second.writeSetup(setup)
    expect(second.path).toMatch(/bank\/2026-11-20T16-55-00Z-2$/)
    expect(readlinkSync(join(store, 'latest'))).toBe(join('bank', '2026-11-20T16-55-00Z-2'))
    expect(readlinkSync(join(store, 'bank', 'latest'))).toBe('2026-11-20T16-55-00Z-2')
    expect(readdirSync(store).sort()).toEqual(['bank', 'latest'])
  })

  test('keeps what was to be done and what came of it', () => {
    const directory = RunDirectory.create(store, 'bank', at)
    const { setup, results } = finishedTest().record
    directory.writeSetup(setup)
    expect(directory.readResults()).toBeUndefined()
    directory.writeResults(results)
    const found = new RunDirectory(join(store, 'latest'))
    expect(found.readSetup()).toEqual(setup)
    expect(found.readResults()).toEqual(results)
  })

  test('goes when nothing came of it, and stays when something did', () => {
    const first = RunDirectory.create(store, 'bank', at)
    writeFileSync(first.at('node-1.log'), 'no')
    RunDirectory.create(store, 'bank', at).discardEmpty()
    first.discardEmpty()
    expect(readdirSync(join(store, 'bank'))).toEqual(['2026-11-20T16-55-00Z'])
    expect(readdirSync(join(store, 'bank', '2026-11-20T16-55-00Z'))).toEqual(['node-1.log'])
  })

  test('comes to be while others that did not begin take empty ones away', async () => {
    const parent = join(store, 'bank')
    const program = `
      const { rmdirSync } = require('node:fs')
      for (;;) try { rmdirSync(require('node:worker_threads').workerData) } catch {}`
    const others = new Worker(program, { eval: true, workerData: parent })
    await once(others, 'online')
    for (let i = 0; i < 200; i++) RunDirectory.create(store, 'bank', at).discardEmpty()
    await others.terminate()
  })

  test('is refused where there is none, or where none can be', () => {
    expect(() => new RunDirectory(store).readSetup()).toThrow(
      'it has no test.json; name the directory of a run',
    )
    writeFileSync(join(store, 'file'), '')
    expect(() => RunDirectory.create(join(store, 'file'), 'bank', at)).toThrow(
      'choose another place with --store',
    )
  })
})

describe('the history of a run', () => {
  test('is written as it goes, in two forms that say the same', async () => {
    const { history } = finishedTest().record
    const files = new HistoryFiles(store)
    for (const event of history.events) files.add(event)
    await expect
      .poll(() => readFileSync(join(store, 'history.jsonl'), 'utf8').split('\n').length)
      .toBe(history.events.length + 2)
    await files.close()
    await files.close()
    for (const name of ['history.jsonl', 'history.edn'])
      expect(readHistory(join(store, name)).events, name).toEqual(history.events)
  })

  test('that cannot be written is an error that says so', async () => {
    const files = new HistoryFiles(join(store, 'nowhere'))
    await expect(files.close()).rejects.toThrow('the history could not be written: ')
  })

  test('of a service of one’s own is not judged by a workload that is called the same', async () => {
    const { checkCommand: _, ...setup } = finishedTest().record.setup
    const directory = RunDirectory.create(store, 'bank', at)
    directory.writeSetup(setup)
    await expect(checkAgain(directory, new AbortController().signal)).rejects.toThrow(
      /has a check of its own, which is not known here: use dure check .*history\.jsonl --model/,
    )
  })

  test.for([
    [100, 'ended', 'unknown', 'Too few calls were acknowledged'],
    [90, 'ended', 'invalid', 'wrong total'],
    [100, 'broke off', 'unknown', 'The disk was full.'],
    [100, 'died', 'unknown', 'The run did not come to its end.'],
    [90, 'died', 'invalid', 'wrong total'],
  ] as const)(
    'with a last total of %d, of a run that %s, is judged again: %s',
    async ([total, ending, verdict, words]) => {
      const { record } = finishedTest({ total })
      const directory = RunDirectory.create(store, 'bank', at)
      directory.writeSetup(record.setup)
      if (ending !== 'died')
        directory.writeResults({
          ...record.results,
          ...(ending === 'broke off' && { unfinished: 'The disk was full.' }),
        })
      const files = new HistoryFiles(directory.path)
      for (const event of record.history.events) files.add(event)
      await files.close()
      const again = await checkAgain(directory, new AbortController().signal)
      expect(again.record.results).toMatchObject({ verdict, faults: { kill: 1 } })
      expect(again.record.results.summary).toContain(words)
      expect(directory.readResults()).toEqual(JSON.parse(JSON.stringify(again.record.results)))
      expect(readFileSync(directory.at('index.html'), 'utf8')).toContain('<!doctype html>')
    },
  )
})
