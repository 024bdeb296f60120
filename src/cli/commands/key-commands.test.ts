import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { encodeKey } from '../../blocks/keyspace/key-codec.ts'
import { ManualClock } from '../../ports/key-value/reference/manual-clock.ts'
import { ReferenceModel } from '../../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../ports/key-value/reference/reference-store.ts'
import { exitCodes } from '../exit-code.ts'
import { runCommandLine } from '../program.ts'

const clock = new ManualClock()
const model = new ReferenceModel(clock)
const store = new ReferenceStore(model)

function run(...args: readonly string[]): Promise<number> {
  const never = new AbortController().signal
  return runCommandLine(
    [...args, '--connect', '127.0.0.1:7001'],
    {
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      env: {},
      interrupted: never,
      killed: never,
      connect: async () => new ReferenceStore(model),
    },
    '0.0.0',
  )
}

test('put --ttl sets a key that goes by itself', async () => {
  const exists = async () => (await store.get(encodeKey('default', 'session:7'))).exists
  expect(await run('put', 'session:7', 'alice', '--ttl', '30m')).toBe(exitCodes.fine)
  await clock.advance(29 * 60_000)
  expect(await exists()).toBe(true)
  await clock.advance(2 * 60_000)
  expect(await exists()).toBe(false)
  expect(await run('put', 'session:7', 'alice', '--ttl', '30')).toBe(exitCodes.usage)
  expect(await run('put', 'session:7', 'alice', '--ttl', '99999d')).toBe(exitCodes.usage)
})
