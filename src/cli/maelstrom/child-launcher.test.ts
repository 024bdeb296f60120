import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { canEndWithParent } from '../../fixture/ending-with-parent.ts'
import { waitFor } from '../../fixture/wait-for.ts'
import { requireProgram } from './child-launcher.ts'

/** Starts a node, pauses it, says which process it is, and stays. */
const runner = (directory: string): string => `
  import { readFileSync } from 'node:fs'
  import { ChildLauncher } from ${JSON.stringify(new URL('./child-launcher.ts', import.meta.url).href)}
  const directory = ${JSON.stringify(directory)}
  const launcher = new ChildLauncher({
    bin: '/bin/sh',
    args: ['-c', 'echo $$; exec cat'],
    logDirectory: directory,
    dataDirectory: directory,
  })
  const node = launcher.start('n1', {
    line(pid) {
      node.pause()
      console.log(pid)
    },
    ended() {},
  })
`

test.runIf(canEndWithParent)(
  'a node that is paused ends with its runner, even when that is killed',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dure-launcher-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', runner(directory)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let said = ''
    child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()))
    const pid = await waitFor('a paused node', 10_000, async () => {
      const node = Number(said.trim())
      return node > 0 && stateOf(node) === 'T' ? node : undefined
    })
    child.kill('SIGKILL')
    await waitFor('its end', 10_000, async () => stateOf(pid) === undefined || undefined)
  },
)

test('a command is looked for where commands are, and only programs count', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dure-commands-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  expect(requireProgram('sh')).toMatch(/\/sh$/)
  expect(() => requireProgram('sh', directory)).toThrow('no command is called that')
  expect(() => requireProgram('./src')).toThrow('which is a directory')
})

/** As Linux tells it: T is paused. Undefined when there is no such process, or what is left of one. */
function stateOf(pid: number): string | undefined {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')[0]
    return state === 'Z' ? undefined : state
  } catch {
    return undefined
  }
}
