import { PassThrough, Writable } from 'node:stream'
import { beforeEach, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import { prefixRange } from '../../ports/key-value/prefix-range.ts'
import { ReferenceModel } from '../../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../ports/key-value/reference/reference-store.ts'
import { exitCodes } from '../exit-code.ts'
import { runCommandLine } from '../program.ts'

let model: ReferenceModel
let connect: () => KeyValueStore

beforeEach(() => {
  model = new ReferenceModel()
  connect = () => new ReferenceStore(model)
})

class Written extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

async function run(...args: readonly string[]) {
  const stdout = new Written()
  const stderr = new Written()
  const never = new AbortController().signal
  const shell = {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env: { NO_COLOR: '1' },
    interrupted: never,
    killed: never,
  }
  const where = args.includes('--engine') ? [] : ['--connect', '127.0.0.1:7001']
  const code = await runCommandLine(
    ['conformance', ...where, ...args],
    { ...shell, connect: async () => connect() },
    '0.0.0',
  )
  return { code, out: stdout.text, messages: stderr.text }
}

class ForgetsIfVersion extends ReferenceStore {
  override async put(key: Uint8Array, value: Uint8Array) {
    return super.put(key, value)
  }
}

test('what passes is listed below the guarantee that it shows, and nothing is left behind', async () => {
  const { code, out, messages } = await run('--only', 'ifVersion')
  expect(out).toContain(
    'put, delete: ifVersion\n  ok       a put with ifVersion happens at that version only\n',
  )
  expect(messages).toMatch(/passed {2}(\d+) of \1 cases hold\n$/)
  expect(code).toBe(exitCodes.fine)
  const left = []
  for await (const row of connect().range(prefixRange(utf8('')))) left.push(row)
  expect(left).toEqual([])
})

test('an engine that breaks a promise is exit code 1, with what was found', async () => {
  connect = () => new ForgetsIfVersion(model)
  const { code, out, messages } = await run('--only', 'a put with ifVersion happens')
  expect(out).toMatch(
    /failed {3}a put with ifVersion happens at that version only\n {11}expected an error comparison-failed/,
  )
  expect(messages).toContain('failed  0 of 1 cases hold, 1 failed')
  expect(code).toBe(exitCodes.no)
})

test('JSON has each case with its verdict', async () => {
  const { out } = await run('--json', '--only', 'through a disturbance')
  const { guarantees, counts, cases } = JSON.parse(out)
  expect(guarantees).toMatchObject({ engine: 'reference', watch: true })
  expect(counts).toEqual({ ok: 0, skipped: cases.length, failed: 0 })
  expect(cases[0]).toMatchObject({ verdict: 'skipped', reason: 'there is no way to disturb the engine here' })
})

test.for([
  [['--only', 'no such case'], 'no case has "no such case"'],
  [['--engine', 'etcd'], '--endpoints 127.0.0.1:2379'],
  [['--endpoints', '127.0.0.1:2379'], 'goes with --engine etcd'],
  [['--engine', 'etcd', '--endpoints', 'a:1', '--username', 'root'], 'DURE_ETCD_PASSWORD'],
  [['--engine', 'redis'], 'Allowed choices are embedded, remote, etcd'],
] as const)('%j is told what to do', async ([args, says]) => {
  const { code, messages } = await run(...args)
  expect(messages).toContain(says)
  expect(code).toBe(exitCodes.usage)
})
