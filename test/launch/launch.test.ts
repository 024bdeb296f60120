import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const RUN = join(root, 'bin/run.js')

/** The Nodes a person may have: the one of this test, and the system's, when that is too old to run anything itself. */
const nodes = [process.execPath, ...['/usr/bin/node', '/usr/local/bin/node'].filter(existsSync)]

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-launch-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const script = (name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

describe.each(nodes)('started by %s', (node) => {
  test('a script runs under Node 24, with its arguments, in the directory of its caller', async () => {
    const path = script(
      'say.ts',
      `const said: unknown = [process.versions.node, process.argv.slice(2), process.cwd()]
console.log(JSON.stringify(said))`,
    )
    const { stdout } = await execute(node, [RUN, path, 'a b', '--flag'], { cwd: directory })
    const [version, args, cwd] = JSON.parse(stdout)
    expect(Number.parseInt(version, 10)).toBeGreaterThanOrEqual(24)
    expect([args, cwd.endsWith(directory)]).toEqual([['a b', '--flag'], true])
  })

  test('its exit code is passed on', async () => {
    const path = script('fail.ts', 'process.exit(42)')
    await expect(execute(node, [RUN, path])).rejects.toMatchObject({ code: 42 })
  })

  test('signals reach it, and it may take its time', async () => {
    const path = script(
      'patient.ts',
      `process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50))
setInterval(() => {}, 1000)
console.log('up')`,
    )
    const child = spawn(node, [RUN, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout!, 'data')
    child.kill('SIGTERM')
    expect(await exitOf(child)).toEqual([7, null])
  })

  test('the command runs in a checkout', async () => {
    const { stdout } = await execute(node, [join(root, 'bin/dure.js'), '--version'])
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

test('a checkout without packages says so when they cannot be installed', async () => {
  const checkout = join(directory, 'checkout')
  mkdirSync(checkout)
  cpSync(join(root, 'bin'), join(checkout, 'bin'), { recursive: true })
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(join(root, file), join(checkout, file))
  const failure = execute(process.execPath, [join(checkout, 'bin/dure.js'), '--version'], {
    // No registry, no cache, and no npm but one that fails.
    env: { PATH: fakeNpm(), HOME: directory },
  })
  await expect(failure).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /installing the packages of package-lock\.json …\n(?:.*\n)*.*could not be installed: npm ended with exit code 9\. Run `npm ci` in /,
    ),
  })
})

function fakeNpm(): string {
  const path = join(directory, 'npm')
  writeFileSync(path, '#!/bin/sh\nexit 9\n', { mode: 0o755 })
  return directory
}

const exitOf = async (child: ChildProcess) => (await once(child, 'exit')) as [number | null, string | null]
