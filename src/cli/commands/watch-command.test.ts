import { PassThrough, Writable } from 'node:stream'
import { beforeEach, expect, test, vi } from 'vitest'
import { encodeKey } from '../../blocks/keyspace/key-codec.ts'
import { utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import { ReferenceModel } from '../../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../ports/key-value/reference/reference-store.ts'
import { exitCodes } from '../exit-code.ts'
import { runCommandLine } from '../program.ts'

let model: ReferenceModel
let store: ReferenceStore
let interrupt: AbortController

beforeEach(() => {
  model = new ReferenceModel()
  store = new ReferenceStore(model)
  interrupt = new AbortController()
})

class Written extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** A command under way, on a store of its own model. */
function run(...args: readonly string[]) {
  const stdout = new Written()
  const stderr = new Written()
  const exitCode = runCommandLine(
    [...args, '--connect', '127.0.0.1:7001'],
    {
      stdin: new PassThrough(),
      stdout,
      stderr,
      env: { NO_COLOR: '1' },
      interrupted: interrupt.signal,
      killed: new AbortController().signal,
      connect: async () => new ReferenceStore(model),
    },
    '0.0.0',
  )
  const begun = () => vi.waitFor(() => expect(stderr.text).toContain('watching'))
  return { exitCode, begun, out: () => stdout.text, messages: () => stderr.text }
}

const put = (key: string, value: string) => store.put(encodeKey('default', key), utf8(value))

test('one line for each change, and the end after so many', async () => {
  const watching = run('watch', 'flags/', '--limit', '2')
  await watching.begun()
  await put('flags/a', 'on')
  await put('other', 'x')
  await store.delete(encodeKey('default', 'flags/a'))
  expect(await watching.exitCode).toBe(exitCodes.fine)
  expect(watching.out()).toBe('put\tflags/a\ton\ndelete\tflags/a\n')
})

test('JSON has the cursor, and --from goes on after it', async () => {
  const cursor = await store.cursor()
  await put('a', '{"on":true}')
  await put('b', 'text')
  const both = run('watch', '--json', '--limit', '2', '--from', cursor)
  expect(await both.exitCode).toBe(exitCodes.fine)
  const lines = both
    .out()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toMatchObject([
    { kind: 'put', key: 'a', encoding: 'json', value: { on: true }, cursor: expect.any(String) },
    { kind: 'put', key: 'b', encoding: 'text', value: 'text' },
  ])
  const rest = run('watch', '--limit', '1', '--from', lines[0].cursor)
  expect(await rest.exitCode).toBe(exitCodes.fine)
  expect(rest.out()).toBe('put\tb\ttext\n')
})

test('Ctrl-C ends it with 130, and says where to go on', async () => {
  const watching = run('watch')
  await watching.begun()
  interrupt.abort(new DureError('aborted', 'interrupted'))
  expect(await watching.exitCode).toBe(exitCodes.interrupted)
  const cursor = /--from (\S+)\n/.exec(watching.messages())![1]!
  interrupt = new AbortController()
  await put('a', '1')
  const resumed = run('watch', '--limit', '1', '--from', cursor)
  await resumed.exitCode
  expect(resumed.out()).toBe('put\ta\t1\n')
})

test('a place that is gone says what to do, and a cursor that is none is a matter of usage', async () => {
  const cursor = await store.cursor()
  await put('a', '1')
  model.compact()
  const late = run('watch', '--from', cursor)
  expect(await late.exitCode).toBe(exitCodes.unavailable)
  expect(late.messages()).toContain('leave --from out')
  const wrong = run('watch', '--from', 'nonsense')
  expect(await wrong.exitCode).toBe(exitCodes.usage)
})
