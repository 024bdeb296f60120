import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeClusterFile } from '../cluster/cluster-file.ts'

const MAIN = join(import.meta.dirname, '../main.ts')

interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-complete-'))
  mkdirSync(join(directory, 'three'))
  writeFileSync(join(directory, 'places.json'), '[]')
  writeClusterFile(join(directory, 'three'), {
    format: 1,
    clusterId: 'test',
    nodes: 3,
    basePort: 8080,
    peerBasePort: 7000,
    initialized: [],
  })
})
afterAll(() => rmSync(directory, { recursive: true }))

const run = (...args: readonly string[]): Promise<Finished> =>
  new Promise((finished) => {
    execFile(process.execPath, [MAIN, 'complete', ...args], { cwd: directory }, (error, stdout, stderr) =>
      finished({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })

/** What Tab offers after these words. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const { code, stdout } = await run('--', ...words)
  expect(code).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  expect(lines.pop(), 'the last line tells the shell how').toMatch(/^:\d+$/)
  return lines.map((line) => line.split('\t')[0]!)
}

describe.concurrent('Tab', () => {
  test('offers commands', async () => {
    expect(await offered('st')).toEqual(['status', 'start'])
    expect(await offered('')).toEqual(expect.arrayContaining(['up', 'put', 'get', 'simulate', 'partition']))
  })

  test('offers options of a command, and those of the program behind its name', async () => {
    expect(await offered('simulate', '--see')).toEqual(['--seeds', '--seed'])
    expect(await offered('get', 'key', '--cons')).toEqual(['--consistency'])
    expect(await offered('get', 'key', '--consistency', '')).toEqual(['strong', 'eventual'])
  })

  test('offers models, formats and levels of checks', async () => {
    expect(await offered('check', 'history.edn', '--model', 'list')).toEqual(['list-append'])
    expect(await offered('check', 'history.edn', '--format', 'j')).toEqual(['json', 'jepsen-log'])
    expect(await offered('check', 'history.edn', '--consistency', 'snap')).toEqual(['snapshot-isolation'])
    expect(await offered('check', 'pl')).toEqual(['places.json'])
  })

  test('offers the nodes of the cluster', async () => {
    expect(await offered('kill', '')).toEqual(['1', '2', '3', '4', '5'])
    expect(await offered('status', '--node', '')).toEqual(['1', '2', '3', '4', '5'])
    expect(await offered('--directory', './three', 'kill', '')).toEqual(['1', '2', '3'])
  })

  test('offers files where one is asked for', async () => {
    expect(await offered('import', 'pl')).toEqual(['places.json'])
    expect(await offered('up', '--directory', 'th')).toEqual(['three/'])
    expect(await offered('up', '--directory', 'three/')).toEqual(['three/cluster.json'])
    expect(await offered('import', 'no/such/')).toEqual([])
  })

  test.for(['zsh', 'bash', 'fish', 'powershell'])('there is a script for %s', async (shell) => {
    const { code, stdout } = await run(shell)
    expect(code).toBe(0)
    expect(stdout).toMatch(/dure\b.*complete/s)
  })

  test('another shell is a mistake in usage, and says which there are', async () => {
    const { code, stderr } = await run('tcsh')
    expect(code).toBe(64)
    expect(stderr).toContain('zsh, bash, fish, powershell')
  })
})
