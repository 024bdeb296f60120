import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HistoryFiles } from '../test/store/history-files.ts'
import { RunDirectory } from '../test/store/run-directory.ts'
import { finishedTest } from '../test/testing/finished-test.ts'
import { runInProcess } from '../testing/run-in-process.ts'

let store: string

beforeAll(() => {
  store = mkdtempSync(join(tmpdir(), 'dure-store-'))
})
afterAll(() => rmSync(store, { recursive: true }))

describe('dure test', () => {
  test.for([
    [[], 'what are clients to do? Say --workload'],
    [['--workload', 'bnak'], 'Did you mean bank?'],
    [['--workload', 'bank', '--nemesis', 'kil'], 'Use some of kill, pause, partition, packet, member'],
    [['--workload', 'bank', '--nodes', '0'], 'Use a whole number from 1 to 9.'],
    [['--workload', 'bank', '--engine', 'redis'], 'Allowed choices are embedded, etcd'],
    [
      ['--workload', 'bank', '--engine', 'etcd', '--endpoints', 'x:1', '--nemesis', 'kill'],
      'use --nemesis none',
    ],
    [['--workload', 'bank', '--endpoints', 'x:1'], '--endpoints goes with --engine etcd'],
    [['--workload', 'bank', '--name', '../up'], 'Use letters, digits, dots, dashes and spaces'],
    [['--check', 'nothing'], 'no test was recorded in nothing'],
    [['--check', 'nothing', '--workload', 'bank'], 'leave out --workload'],
  ] as const)('%j is refused: %s', async ([args, words]) => {
    const ran = await runInProcess([
      'test',
      ...args,
      ...(args.includes('--check' as never) ? [] : ['--store', store]),
    ])
    expect(ran).toMatchObject({ code: 64, stdout: '' })
    expect(ran.stderr).toContain(words)
  })

  test('leaves nothing behind of a run that did not begin', async () => {
    const own = join(store, 'own')
    await runInProcess(['test', '--workload', 'bank', '--endpoints', 'x:1', '--store', own])
    expect(existsSync(own)).toBe(false)
  })

  test('help begins with what to type, and names workloads and exit codes', async () => {
    const { code, stdout } = await runInProcess(['test', '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}dure test --workload bank --nodes 5 --time-limit 300/)
    for (const word of ['list-append', 'packet', '130 interrupted']) expect(stdout).toContain(word)
  })

  test('--check judges a recorded run, for a person and for a program', async () => {
    const { record } = finishedTest({ total: 90 })
    const directory = RunDirectory.create(store, 'bank', new Date())
    directory.writeSetup(record.setup)
    const files = new HistoryFiles(directory.path)
    for (const event of record.history.events) files.add(event)
    await files.close()
    const ran = await runInProcess(['test', '--check', join(store, 'latest')])
    expect(ran).toMatchObject({ code: 1, stderr: '' })
    expect(ran.stdout).toMatch(/^invalid {2}/)
    const json = await runInProcess(['test', '--check', join(store, 'latest'), '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ verdict: 'invalid', workload: { name: 'bank' }, seed: 7 })
  })
})
