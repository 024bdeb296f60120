import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runInProcess } from '../../src/cli/testing/run-in-process.ts'

const directory = mkdtempSync(join(tmpdir(), 'dure-maelstrom-page-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The programs of docs/maelstrom.md, as a reader would paste them. */
const [kv, proxy] = Array.from(
  readFileSync('docs/maelstrom.md', 'utf8').matchAll(/^```js\n(.*?)^```$/gms),
  ([, code]) => code!,
)

function program(name: string, code: string): string {
  const path = join(directory, name)
  writeFileSync(path, code)
  chmodSync(path, 0o755)
  return path
}

const run = async (bin: string, ...options: readonly string[]) => {
  const store = join(directory, 'store')
  const { code, stdout } = await runInProcess([
    'maelstrom',
    'test',
    '--workload',
    'lin-kv',
    '--bin',
    bin,
    '--time-limit',
    '3',
    '--rate',
    '50',
    '--store',
    store,
    ...options,
  ])
  return [code, stdout.split('\n', 1)[0]]
}

describe.concurrent('what docs/maelstrom.md says of its programs', () => {
  test('one node is linearizable', async () => {
    expect(await run(program('one.mjs', kv!), '--node-count', '1', '--concurrency', '4n')).toEqual([
      0,
      'valid    The history is linearizable.',
    ])
  })

  test('three are not', async () => {
    expect(await run(program('three.mjs', kv!), '--node-count', '3')).toEqual([
      1,
      expect.stringMatching(/^invalid {2}Key 0 is not linearizable/),
    ])
  })

  test('on lin-kv they are, and on lww-kv not', async () => {
    const faults = ['--concurrency', '2n', '--nemesis', 'partition']
    expect(await run(program('proxy.mjs', proxy!), ...faults)).toEqual([
      0,
      'valid    The history is linearizable.',
    ])
    const other = proxy!.replace("'lin-kv'", "'lww-kv'")
    expect(await run(program('other.mjs', other), ...faults)).toEqual([
      1,
      expect.stringMatching(/^invalid {2}/),
    ])
  })
})
